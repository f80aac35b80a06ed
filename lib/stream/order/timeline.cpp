// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/timeline.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "lib/core/opencl_check.hpp"
#include "lib/stream/order/order_log.hpp"

namespace dovetail::detail {

Timeline::Timeline(std::uint64_t stream, cl_command_queue queue, const StreamRemains& before)
    : stream_(stream),
      queue_(queue),
      reserved_(before.enqueued),
      enqueued_(before.enqueued),
      completed_(before.completed),
      clock_(before.clock),
      marker_(before.last) {}

void Timeline::learn(ClockSnapshot clock, const std::vector<MarkerHandle>& markers,
                     const MarkerHandle& barrier, std::uint64_t from) {
  const std::scoped_lock lock(mutex_);
  clock_ = std::move(clock);
  for (const MarkerHandle& marker : markers) {
    inserted_waits_.push_back({from, marker, barrier});
    if (OrderLog::is_on()) OrderLog::add(WaitEntry{{stream_, from}, marker->number});
  }
  // They end in this order, near enough: a look at the first two keeps the list short.
  for (int i = 0; i < 2 && !inserted_waits_.empty() &&
                  inserted_waits_.front().barrier->status_if_known() == CL_COMPLETE;
       ++i) {
    inserted_waits_.erase(inserted_waits_.begin());
  }
}

void Timeline::note_completion(std::uint64_t ticket) {
  const std::scoped_lock lock(mutex_);
  if (marker_ && marker_->covers.ticket <= ticket) marker_.reset();
  if (completed_.load(std::memory_order_relaxed) >= ticket) return;
  if (OrderLog::is_on()) OrderLog::add(CompletionEntry{{stream_, ticket}});  // before others can
  completed_.store(ticket, std::memory_order_release);
  std::erase_if(inserted_waits_, [&](const InsertedWait& wait) { return wait.from <= ticket; });
}

ClockSnapshot Timeline::clock_now() const {
  const std::scoped_lock lock(mutex_);
  return clock_;
}

std::vector<Timeline::InsertedWait> Timeline::inserted_waits() const {
  const std::scoped_lock lock(mutex_);
  return inserted_waits_;
}

const MarkerHandle& Timeline::make_marker(std::uint64_t epoch) {
  const Point covers{stream_, enqueued()};
  marker_ = std::make_shared<const Marker>(enqueue_marker(queue_), covers, epoch, clock_);
  log_marker(*marker_);
  return marker_;
}

MarkerHandle Timeline::new_marker(std::uint64_t epoch) {
  const std::scoped_lock lock(mutex_);
  return make_marker(epoch);
}

Timeline::Covering Timeline::marker_covering(std::uint64_t ticket, std::uint64_t epoch,
                                             StreamCounters& counters) {
  // Another thread has noted its work's uses and is enqueuing it; the first use of a kernel may
  // have the driver compile it meanwhile.
  for (int i = 0; enqueued() < ticket; ++i) {
    if (i < 1000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  const std::scoped_lock lock(mutex_);
  const bool is_new = !marker_ || marker_->covers.ticket < ticket || marker_->epoch < epoch;
  if (is_new) {
    make_marker(epoch);
    counters.count_marker();
  }
  if (!marker_->is_flushed.load(std::memory_order_relaxed)) {
    check(clFlush(queue_), "clFlush");
    marker_->is_flushed.store(true, std::memory_order_relaxed);
  }
  return {marker_, is_new};
}

void Timeline::restart(std::uint64_t done) {
  const std::scoped_lock lock(mutex_);
  inserted_waits_.clear();
  marker_.reset();
  // Not all that was enqueued: another thread may have been at it as the failure was found.
  completed_.store(std::max(completed_.load(), done), std::memory_order_release);
}

}  // namespace dovetail::detail
