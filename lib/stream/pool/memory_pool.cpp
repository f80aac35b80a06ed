// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/memory_pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "lib/core/context_attachment.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/stream/buffer_state.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/pool/block_cache.hpp"
#include "lib/stream/pool/size_class.hpp"

namespace dovetail {
namespace {

using detail::BlockRequest;
using detail::MemoryBlock;

std::size_t largest_allocation(const Device& device) {
  cl_ulong nbytes = 0;
  detail::check(
      clGetDeviceInfo(device.get(), CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(nbytes), &nbytes, nullptr),
      "clGetDeviceInfo");
  return nbytes;
}

std::size_t usual_keep(const Device& device) {
  return device.type() == DeviceType::cpu ? device.global_memory() / 4
                                          : std::numeric_limits<std::size_t>::max();
}

detail::ClockSnapshot clock_of(const Stream& stream) {
  return detail::state_of(stream)->timeline.clock_now();
}

}  // namespace

/// Lives until the last of the pool and its Buffers. Holds no Context, which may hold the pool.
struct MemoryPool::State final : detail::MemoryOwner {
  State(const Context& context_in, const MemoryPoolOptions& options)
      : context(context_in.get()),
        device(context_in.device()),
        limit(options.limit_nbytes),
        keep(options.keep_nbytes.value_or(usual_keep(device))),
        largest(std::min(largest_allocation(device), limit)) {
    detail::check(clRetainContext(context), "clRetainContext");
  }
  ~State() override { detail::release(context); }

  std::size_t block_size(std::size_t nbytes) const noexcept {
    return nbytes > largest ? nbytes : std::min(detail::size_class(nbytes), largest);
  }
  MemoryBlock acquire(const Stream& stream, const BlockRequest& request);
  void give_back(MemoryBlock block, std::size_t nbytes, bool is_lent_out) noexcept override;
  MemoryPoolStatistics statistics() const;
  [[noreturn]] void throw_out_of_memory(cl_int code, std::string_view call,
                                        std::size_t nbytes) const;

  struct Reservation;

  // With `mutex` held.
  MemoryBlock use(MemoryBlock block);
  std::optional<MemoryBlock> take_cached(const BlockRequest& request, const detail::Clock& clock,
                                         bool is_second_try);
  std::vector<MemoryBlock> take_out(std::size_t keep_nbytes);

  const cl_context context;
  const Device device;
  const std::size_t limit, keep, largest;

  mutable std::mutex mutex;
  detail::BlockCache cache;
  std::size_t in_use = 0;  // blocks that are being made included
  MemoryPoolStatistics counts;
  bool is_closed = false;
};

MemoryBlock MemoryPool::State::use(MemoryBlock block) {
  counts.peak_in_use = std::max(counts.peak_in_use, in_use);
  counts.peak_reserved = std::max(counts.peak_reserved, in_use + cache.nbytes());
  return block;
}

std::vector<MemoryBlock> MemoryPool::State::take_out(std::size_t keep_nbytes) {
  std::vector<MemoryBlock> blocks;
  while (cache.nbytes() > keep_nbytes) {
    blocks.push_back(cache.take_oldest());
    ++counts.released;
  }
  return blocks;
}

/// Room for a block that is being made, counted in `in_use`; given up unless `pool` is null by
/// then.
struct MemoryPool::State::Reservation {
  State* pool;
  std::size_t nbytes;
  ~Reservation() {
    if (pool == nullptr) return;
    const std::scoped_lock lock(pool->mutex);
    pool->in_use -= nbytes;
  }
};

std::optional<MemoryBlock> MemoryPool::State::take_cached(const BlockRequest& request,
                                                          const detail::Clock& clock,
                                                          bool is_second_try) {
  auto block = cache.take_ordered(request, clock);
  const std::size_t size = request.block_nbytes;
  if (!block && (is_second_try || in_use + cache.nbytes() > limit - size)) {
    block = cache.take_in_flight(request, clock);
    if (block) ++counts.waits;
  }
  return block;
}

MemoryBlock MemoryPool::State::acquire(const Stream& stream, const BlockRequest& request) {
  const std::size_t size = request.block_nbytes;
  const auto hit = [&](MemoryBlock block) {
    in_use += size;
    ++counts.hits;
    return use(std::move(block));
  };
  {
    const std::scoped_lock lock(mutex);
    if (auto block = cache.take_own(request)) return hit(*std::move(block));
  }
  const detail::ClockSnapshot clock = clock_of(stream);
  bool has_made_room = false;
  for (bool is_second_try = false;; is_second_try = true) {
    std::optional<Reservation> room;
    std::vector<MemoryBlock> released;
    {
      const std::scoped_lock lock(mutex);
      if (auto block = take_cached(request, *clock, is_second_try)) return hit(*std::move(block));
      if (in_use <= limit - size) {
        released = take_out(is_second_try ? 0 : limit - size - in_use);
        in_use += size;
        room.emplace(this, size);
      }
    }
    if (!room) {
      throw_out_of_memory(CL_MEM_OBJECT_ALLOCATION_FAILURE, "MemoryPool::allocate", request.nbytes);
    }
    has_made_room = has_made_room || !released.empty();
    released.clear();
    try {
      MemoryBlock block = detail::create_block(stream.context(), size, nullptr);
      const std::scoped_lock lock(mutex);
      ++counts.misses;
      if (has_made_room) ++counts.recoveries;
      room->pool = nullptr;
      return use(std::move(block));
    } catch (const OutOfMemory& error) {
      room.reset();
      const bool is_hopeless = is_second_try || statistics().cached == 0;
      if (is_hopeless) throw_out_of_memory(error.code(), error.call(), request.nbytes);
    }
  }
}

void MemoryPool::State::give_back(MemoryBlock block, std::size_t nbytes,
                                  bool is_lent_out) noexcept {
  std::vector<MemoryBlock> released;
  const std::scoped_lock lock(mutex);
  in_use -= block.tracked.state->nbytes();
  if (is_lent_out || is_closed) {
    ++counts.released;
    released.push_back(std::move(block));
  } else {
    cache.put(std::move(block), nbytes);
    released = take_out(keep);
  }
}

MemoryPoolStatistics MemoryPool::State::statistics() const {
  const std::scoped_lock lock(mutex);
  MemoryPoolStatistics now = counts;
  now.in_use = in_use;
  now.cached = cache.nbytes();
  now.reserved = now.in_use + now.cached;
  return now;
}

void MemoryPool::State::throw_out_of_memory(cl_int code, std::string_view call,
                                            std::size_t nbytes) const {
  const MemoryPoolStatistics now = statistics();
  const std::string limit_text =
      limit == std::numeric_limits<std::size_t>::max() ? "none" : fmt::format("{} bytes", limit);
  detail::throw_opencl_error(
      code, call, SourceLocation::current(),
      fmt::format("[MemoryPool::allocate] no room for {} bytes on '{}', which has {}: the pool has "
                  "{} in use and {} cached, its limit is {}; let tensors and buffers go, work in "
                  "smaller pieces, or raise the limit.",
                  nbytes, device.name(), device.global_memory(), now.in_use, now.cached,
                  limit_text));
}

MemoryPool::MemoryPool(const Context& context, const MemoryPoolOptions& options) {
  detail::check_not_moved_from("MemoryPool", "context", context);
  state_ = std::make_shared<State>(context, options);
}

MemoryPool::~MemoryPool() {
  if (detail::in_forked_child()) return;  // where another thread may have held the lock for good
  std::vector<MemoryBlock> released;
  const std::scoped_lock lock(state_->mutex);
  state_->is_closed = true;
  released = state_->take_out(0);
}

MemoryPool& MemoryPool::of(const Context& context) {
  detail::check_not_moved_from("MemoryPool::of", "context", context);
  return detail::attachment<MemoryPool>(context,
                                        [&] { return std::make_shared<MemoryPool>(context); });
}

Buffer MemoryPool::allocate(const Stream& stream, std::size_t nbytes) {
  State& state = *state_;
  const Context& context = detail::state_of(stream, "MemoryPool::allocate")->context;
  if (context.get() != state.context || !(context.device() == state.device)) {
    throw InvalidArgument(
        "[MemoryPool::allocate] the stream belongs to another context than the pool; use "
        "MemoryPool::of(stream.context()).");
  }
  if (nbytes == 0) return Buffer(context, 0);
  if (nbytes > std::min<std::size_t>(state.limit, state.device.global_memory())) {
    state.throw_out_of_memory(CL_MEM_OBJECT_ALLOCATION_FAILURE, "MemoryPool::allocate", nbytes);
  }
  MemoryBlock block = state.acquire(stream, {stream.id(), nbytes, state.block_size(nbytes)});
  return detail::BufferState::handle(
      std::make_shared<const detail::BufferState>(context, std::move(block), nbytes, state_));
}

std::size_t MemoryPool::trim(std::size_t keep_nbytes) {
  std::vector<MemoryBlock> released;
  const std::scoped_lock lock(state_->mutex);
  const std::size_t before = state_->cache.nbytes();
  released = state_->take_out(keep_nbytes);
  return before - state_->cache.nbytes();
}

MemoryPoolStatistics MemoryPool::statistics() const { return state_->statistics(); }

}  // namespace dovetail
