// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/pool/lease_set.hpp"

#include <utility>

#include "lib/core/fork_guard.hpp"
#include "lib/stream/order/stream_state.hpp"

namespace dovetail::detail {

struct LeaseSet::Waiter {
  std::condition_variable served;
  std::optional<Place> place;
};

LeaseSet::LeaseSet(const Context& context, const StreamOptions& options, std::size_t size)
    : context_(context), options_(options), size_(size) {}

bool LeaseSet::must_be_replaced(const Stream& stream) noexcept {
  return state_of(stream).use_count() > 1 || state_of(stream)->failure.is_set();
}

LeaseSet::Place LeaseSet::take_free_place() {
  idle_.reserve(statistics_.active + 1);  // so that giving back never allocates
  Place place;
  while (!place.stream && !idle_.empty()) {
    // An idle stream is used elsewhere if somebody adopted its native handle.
    if (must_be_replaced(idle_.back())) {
      place.replaced.push_back(std::move(idle_.back()));
      ++statistics_.replaced;
    } else {
      place.stream = std::move(idle_.back());
    }
    idle_.pop_back();
  }
  ++statistics_.active;
  ++statistics_.granted;
  return place;
}

std::optional<LeaseSet::Place> LeaseSet::wait_for_place(std::unique_lock<std::mutex>& lock,
                                                        std::optional<Clock::time_point> deadline) {
  Waiter self;
  const auto is_served = [&] { return self.place.has_value(); };
  waiters_.push_back(&self);
  if (!deadline) {
    self.served.wait(lock, is_served);
  } else if (!self.served.wait_until(lock, *deadline, is_served)) {
    std::erase(waiters_, &self);
  }
  return std::move(self.place);
}

Stream LeaseSet::stream_of(Place place) try {
  if (!place.stream) {
    place.stream.emplace(context_, options_);  // outside the lock: a driver may take its time
    const std::scoped_lock lock(mutex_);
    ++streams_created_;
  }
  return *std::move(place.stream);
} catch (...) {
  release({});
  const std::scoped_lock lock(mutex_);
  --statistics_.granted;
  throw;
}

Stream LeaseSet::acquire() {
  std::unique_lock lock(mutex_);
  Place place = has_free_place() ? take_free_place() : *wait_for_place(lock, std::nullopt);
  lock.unlock();
  return stream_of(std::move(place));
}

std::optional<Stream> LeaseSet::try_acquire() {
  std::unique_lock lock(mutex_);
  if (!has_free_place()) return std::nullopt;
  Place place = take_free_place();
  lock.unlock();
  return stream_of(std::move(place));
}

std::optional<Stream> LeaseSet::try_acquire_until(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  std::optional<Place> place;
  if (has_free_place()) {
    place = take_free_place();
  } else {
    place = wait_for_place(lock, deadline);
  }
  if (!place) {
    ++statistics_.timed_out;
    return std::nullopt;
  }
  lock.unlock();
  return stream_of(*std::move(place));
}

void LeaseSet::give_back(Stream stream) noexcept {
  if (in_forked_child()) return;  // where another thread may have held the lock for good
  if (!must_be_replaced(stream)) return release({std::move(stream)});
  {
    const std::scoped_lock lock(mutex_);
    ++statistics_.replaced;
  }
  release({});
}

void LeaseSet::release(Place place) noexcept {
  const std::scoped_lock lock(mutex_);
  if (!waiters_.empty()) {
    Waiter& first = *waiters_.front();
    waiters_.pop_front();
    first.place = std::move(place);
    ++statistics_.granted;
    first.served.notify_one();  // under the lock: the waiter may be gone as soon as it is let go
    return;
  }
  --statistics_.active;
  if (place.stream) idle_.push_back(*std::move(place.stream));
}

StreamLeaseStatistics LeaseSet::statistics() const {
  const std::scoped_lock lock(mutex_);
  StreamLeaseStatistics now = statistics_;
  now.waiting = waiters_.size();
  return now;
}

std::uint64_t LeaseSet::streams_created() const {
  const std::scoped_lock lock(mutex_);
  return streams_created_;
}

}  // namespace dovetail::detail
