// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_pool.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/stream/lease_set.hpp"

namespace dovetail {

using detail::LeaseSet;

struct StreamPool::Slot {
  std::atomic<const Stream*> made{nullptr};
  std::mutex making;  // not std::call_once, which on some systems hangs after an exception
  std::optional<Stream> stream;
  std::atomic<std::size_t> threads{0};  // live threads that it is the own stream of
};

StreamPool::StreamPool(const Context& context, const StreamPoolOptions& options)
    : context_(context), stream_options_(options.stream), size_(options.size) {
  if (size_ == 0) {
    throw InvalidArgument("[StreamPool] size 0: a pool needs at least 1 stream.");
  }
  slots_ = std::make_unique<Slot[]>(size_ + 1);
  leases_ = std::make_shared<LeaseSet>(context_, stream_options_, options.leases);
}

StreamPool::~StreamPool() = default;

const Stream& StreamPool::stream_at(std::size_t slot) {
  Slot& place = slots_[slot];
  if (const Stream* made = place.made.load(std::memory_order_acquire)) return *made;
  const std::scoped_lock lock(place.making);
  if (!place.stream) {
    place.stream.emplace(context_, stream_options_);
    streams_created_.fetch_add(1, std::memory_order_relaxed);
    place.made.store(&*place.stream, std::memory_order_release);
  }
  return *place.stream;
}

Stream StreamPool::get() {
  return stream_at(1 + gets_.fetch_add(1, std::memory_order_relaxed) % size_);
}

Stream StreamPool::get(std::size_t index) {
  if (index >= size_) {
    throw InvalidArgument(
        fmt::format("[StreamPool::get] index {} in a pool of {} streams; give one below {}.", index,
                    size_, size_));
  }
  return stream_at(1 + index);
}

void StreamPool::check_leases(const char* function) const {
  if (leases_->size() == 0) {
    throw InvalidArgument(
        fmt::format("[StreamPool::{}] this pool was made with leases = 0 and has no streams to "
                    "lease; make it with StreamPoolOptions{{.leases = n}}, n at least 1.",
                    function));
  }
}

StreamLease StreamPool::lease() {
  check_leases("lease");
  return {leases_, leases_->acquire()};
}

std::optional<StreamLease> StreamPool::try_lease() {
  check_leases("try_lease");
  auto stream = leases_->try_acquire();
  if (!stream) return std::nullopt;
  return StreamLease(leases_, *std::move(stream));
}

std::optional<StreamLease> StreamPool::try_lease_for(std::chrono::nanoseconds timeout) {
  check_leases("try_lease_for");
  if (timeout < std::chrono::nanoseconds::zero()) {
    throw InvalidArgument(
        fmt::format("[StreamPool::try_lease_for] the timeout is {}; give 0 or more.", timeout));
  }
  const auto now = LeaseSet::Clock::now();
  const std::chrono::nanoseconds most = LeaseSet::Clock::time_point::max() - now;
  auto stream = leases_->try_acquire_until(now + std::min(timeout, most));
  if (!stream) return std::nullopt;
  return StreamLease(leases_, *std::move(stream));
}

const Stream& StreamPool::default_stream() { return stream_at(0); }

std::size_t StreamPool::attach() {
  const std::scoped_lock lock(attach_mutex_);
  Slot* const pooled = &slots_[1];
  Slot* const fewest = std::min_element(
      pooled, pooled + size_, [](const Slot& a, const Slot& b) { return a.threads < b.threads; });
  fewest->threads.fetch_add(1, std::memory_order_relaxed);
  return static_cast<std::size_t>(fewest - slots_.get());
}

void StreamPool::detach(std::size_t slot) noexcept {
  slots_[slot].threads.fetch_sub(1, std::memory_order_relaxed);
}

StreamPoolStatistics StreamPool::statistics() const {
  StreamPoolStatistics now{.gets = gets_.load(std::memory_order_relaxed),
                           .streams_created = streams_created_.load(std::memory_order_relaxed) +
                                              leases_->streams_created(),
                           .leases = leases_->statistics()};
  for (std::size_t slot = 1; slot <= size_; ++slot) {
    const std::size_t threads = slots_[slot].threads.load(std::memory_order_relaxed);
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
