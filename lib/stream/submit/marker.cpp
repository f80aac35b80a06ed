// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/marker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/stream/order/memory_state.hpp"
#include "lib/stream/order/order_log.hpp"
#include "lib/stream/order/stream_registry.hpp"

namespace dovetail::detail {
namespace {

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Deadline deadline_after(std::string_view function, std::chrono::nanoseconds limit) {
  if (limit < std::chrono::nanoseconds::zero()) {
    throw InvalidArgument(
        fmt::format("[{}] a limit of {} ns; give 0 or more.", function, limit.count()));
  }
  const auto now = std::chrono::steady_clock::now();
  if (limit > std::chrono::steady_clock::time_point::max() - now) return std::nullopt;
  return now + limit;
}

cl_event enqueue_marker(cl_command_queue queue) {
  cl_event event = nullptr;
  check(clEnqueueMarkerWithWaitList(queue, 0, nullptr, &event), "clEnqueueMarkerWithWaitList");
  return event;
}

std::optional<std::vector<MarkerHandle>> markers_behind(const TrackedMemory& memory,
                                                        bool is_lent_out) {
  std::vector<MemoryState::LastUse> uses;
  {
    const std::scoped_lock lock(*memory.state);
    memory.state->conflicts(memory.range, true, [&](const auto& use) { uses.push_back(use); });
  }
  std::vector<MarkerHandle> markers;
  for (const MemoryState::LastUse& use : uses) {
    const bool foreign = use.foreign || is_lent_out;
    if (progress_of({use.stream, use.ticket}, foreign) == Progress::done) continue;
    const Producer producer = find_producer(use.stream);
    if (producer.alive) {
      const std::uint64_t epoch = foreign ? producer.alive->foreign.epoch() : 0;
      markers.push_back(producer.alive->marker_covering(use.ticket, epoch).marker);
    } else if (producer.remains) {
      const StreamRemains& gone = *producer.remains;
      if (!gone.lost.empty() && use.ticket > gone.completed) return std::nullopt;
      if (gone.last) markers.push_back(gone.last);
    }
  }
  std::erase_if(markers,
                [](const MarkerHandle& marker) { return is_over(marker->status_if_known()); });
  return markers;
}

void log_marker(const Marker& marker) {
  if (OrderLog::is_on()) OrderLog::add(MarkerEntry{marker.number, marker.covers});
}

Marker::Marker(cl_event event_in, Point covers_in, std::uint64_t epoch_in, ClockSnapshot clock_in)
    : event(event_in),
      number(next_number()),
      covers(covers_in),
      epoch(epoch_in),
      clock(std::move(clock_in)) {}

Marker::~Marker() {
  release(event);
  if (foreign_queue != nullptr) release(foreign_queue);
}

cl_int Marker::status() const {
  if (is_complete_.load(std::memory_order_acquire)) return CL_COMPLETE;
  cl_int status = CL_QUEUED;
  check(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr),
        "clGetEventInfo");
  if (status == CL_COMPLETE) is_complete_.store(true, std::memory_order_release);
  return status;
}

cl_int Marker::status_if_known() const noexcept {
  try {
    return status();
  } catch (const std::exception&) {
    return CL_QUEUED;
  }
}

void Marker::flush() const {
  if (is_flushed.load(std::memory_order_relaxed)) return;
  if (foreign_queue != nullptr) {
    check(clFlush(foreign_queue), "clFlush");
  } else if (covers.stream != 0) {
    // A stream that is gone was flushed as it went, and its queue must not be touched any more.
    if (const auto stream = find_producer(covers.stream).alive) {
      check(clFlush(stream->queue), "clFlush");
    }
  }
  is_flushed.store(true, std::memory_order_relaxed);
}

bool Marker::wait(const Deadline& deadline) const {
  std::unique_lock lock(mutex_);
  const auto may_go_on = [&] { return !has_waiter_; };
  while (!may_go_on()) {
    if (!deadline) {
      waited_.wait(lock, may_go_on);
    } else if (!waited_.wait_until(lock, *deadline, may_go_on)) {
      return is_over(status());
    }
  }
  if (is_complete_.load(std::memory_order_acquire)) return true;
  has_waiter_ = true;
  lock.unlock();
  const struct Leader {
    const Marker& marker;
    ~Leader() {
      const std::scoped_lock lock(marker.mutex_);
      marker.has_waiter_ = false;
      marker.waited_.notify_all();
    }
  } leader{*this};
  if (!deadline) {
    // Its own result is not to be relied on: some drivers return success for a failed event.
    static_cast<void>(clWaitForEvents(1, &event));
    if (is_over(status())) return true;
    flush();  // the call has failed, and may not have flushed either
  }
  // OpenCL has no wait with a limit, and PoCL calls no callback for an event that fails.
  using namespace std::chrono_literals;
  std::chrono::nanoseconds pause = 10us;
  while (!is_over(status())) {
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::nanoseconds>(2 * pause, 1ms);
  }
  return true;
}

}  // namespace dovetail::detail
