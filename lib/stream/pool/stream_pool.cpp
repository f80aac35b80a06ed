// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_pool.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/stream/pool/lease_set.hpp"

namespace dovetail {

using detail::LeaseSet;

namespace {

struct Slot {
  std::atomic<const Stream*> made{nullptr};
  std::mutex making;  // not std::call_once, which on some systems hangs after an exception
  std::optional<Stream> stream;
  std::atomic<std::size_t> threads{0};  // live threads that it is the own stream of
};

}  // namespace

struct StreamPool::State {
  State(const Context& context_in, const StreamPoolOptions& options)
      : context(context_in),
        stream_options(options.stream),
        size(options.size),
        slots(std::make_unique<Slot[]>(size + 1)),
        leases(std::make_shared<LeaseSet>(context, stream_options, options.leases)) {}

  const Context context;
  const StreamOptions stream_options;
  const std::size_t size;
  const std::unique_ptr<Slot[]> slots;  // slot 0 is the default stream
  const std::shared_ptr<LeaseSet> leases;
  std::mutex attach_mutex;
  std::atomic<std::uint64_t> streams_created{0};
  std::atomic<std::uint64_t> gets{0};
};

StreamPool::StreamPool(const Context& context, const StreamPoolOptions& options) {
  detail::check_not_moved_from("StreamPool", "context", context);
  if (options.size == 0) {
    throw InvalidArgument("[StreamPool] size 0: a pool needs at least 1 stream.");
  }
  state_ = std::make_unique<State>(context, options);
}

StreamPool::~StreamPool() = default;

std::size_t StreamPool::size() const noexcept { return state_->size; }
const Context& StreamPool::context() const noexcept { return state_->context; }

const Stream& StreamPool::stream_at(std::size_t slot) {
  Slot& place = state_->slots[slot];
  if (const Stream* made = place.made.load(std::memory_order_acquire)) return *made;
  const std::scoped_lock lock(place.making);
  if (!place.stream) {
    place.stream.emplace(state_->context, state_->stream_options);
    state_->streams_created.fetch_add(1, std::memory_order_relaxed);
    place.made.store(&*place.stream, std::memory_order_release);
  }
  return *place.stream;
}

Stream StreamPool::get() {
  return stream_at(1 + state_->gets.fetch_add(1, std::memory_order_relaxed) % state_->size);
}

Stream StreamPool::get(std::size_t index) {
  if (index >= size()) {
    throw InvalidArgument(
        fmt::format("[StreamPool::get] index {} in a pool of {} streams; give one below {}.", index,
                    size(), size()));
  }
  return stream_at(1 + index);
}

void StreamPool::check_leases(const char* function) const {
  if (state_->leases->size() == 0) {
    throw InvalidArgument(
        fmt::format("[StreamPool::{}] this pool was made with leases = 0 and has no streams to "
                    "lease; make it with StreamPoolOptions{{.leases = n}}, n at least 1.",
                    function));
  }
}

StreamLease StreamPool::lease() {
  check_leases("lease");
  return {state_->leases, state_->leases->acquire()};
}

std::optional<StreamLease> StreamPool::try_lease() {
  check_leases("try_lease");
  auto stream = state_->leases->try_acquire();
  if (!stream) return std::nullopt;
  return StreamLease(state_->leases, *std::move(stream));
}

std::optional<StreamLease> StreamPool::try_lease_for(std::chrono::nanoseconds timeout) {
  check_leases("try_lease_for");
  if (timeout < std::chrono::nanoseconds::zero()) {
    throw InvalidArgument(
        fmt::format("[StreamPool::try_lease_for] the timeout is {}; give 0 or more.", timeout));
  }
  const auto now = LeaseSet::Clock::now();
  const std::chrono::nanoseconds most = LeaseSet::Clock::time_point::max() - now;
  auto stream = state_->leases->try_acquire_until(now + std::min(timeout, most));
  if (!stream) return std::nullopt;
  return StreamLease(state_->leases, *std::move(stream));
}

const Stream& StreamPool::default_stream() { return stream_at(0); }

std::size_t StreamPool::attach() {
  const std::scoped_lock lock(state_->attach_mutex);
  Slot* const pooled = &state_->slots[1];
  Slot* const fewest = std::min_element(
      pooled, pooled + size(), [](const Slot& a, const Slot& b) { return a.threads < b.threads; });
  fewest->threads.fetch_add(1, std::memory_order_relaxed);
  return static_cast<std::size_t>(fewest - state_->slots.get());
}

void StreamPool::detach(std::size_t slot) noexcept {
  state_->slots[slot].threads.fetch_sub(1, std::memory_order_relaxed);
}

StreamPoolStatistics StreamPool::statistics() const {
  StreamPoolStatistics now{
      .gets = state_->gets.load(std::memory_order_relaxed),
      .streams_created = state_->streams_created.load(std::memory_order_relaxed) +
                         state_->leases->streams_created(),
      .leases = state_->leases->statistics()};
  for (std::size_t slot = 1; slot <= size(); ++slot) {
    const std::size_t threads = state_->slots[slot].threads.load(std::memory_order_relaxed);
    now.attached_threads.push_back(threads);
    now.shared_streams += threads > 1 ? 1 : 0;
  }
  return now;
}

StreamPool& StreamPool::default_pool() {
  static StreamPool* const pool = new StreamPool(Context::default_context());
  return *pool;
}

}  // namespace dovetail
