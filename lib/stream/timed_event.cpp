// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/timed_event.hpp"

#include <fmt/format.h>

#include "dovetail/core/device.hpp"
#include "dovetail/core/error.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/queue_info.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/submit/timing_queue.hpp"

namespace dovetail {
namespace {

constexpr std::string_view difference_name = "TimedEvent::operator-";

cl_device_id device_of(std::string_view which, const Event& event) {
  detail::check_not_moved_from(difference_name, which, event);
  cl_command_queue queue = nullptr;
  detail::check(clGetEventInfo(event.get(), CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, nullptr),
                "clGetEventInfo");
  return detail::queue_info<cl_device_id>(queue, CL_QUEUE_DEVICE);
}

std::chrono::nanoseconds end_of(cl_event command) {
  cl_ulong time = 0;
  detail::check(
      clGetEventProfilingInfo(command, CL_PROFILING_COMMAND_END, sizeof(time), &time, nullptr),
      "clGetEventProfilingInfo");
  return std::chrono::nanoseconds(time);
}

}  // namespace

TimedEvent::TimedEvent(detail::TimedPoint point)
    : Event(std::move(point.event)), stamp_(std::move(point.stamp)) {}

std::chrono::nanoseconds TimedEvent::time() const {
  synchronize();  // before the stamp, which no driver need reach if the point has failed
  if (stamp_ == nullptr) return end_of(get());
  detail::check(clWaitForEvents(1, &stamp_->taken), "clWaitForEvents");
  return end_of(stamp_->taken);
}

std::chrono::nanoseconds operator-(const TimedEvent& end, const TimedEvent& start) {
  const cl_device_id end_device = device_of("end", end), start_device = device_of("start", start);
  if (end_device != start_device) {
    throw InvalidArgument(
        fmt::format("[{}] the events are of the devices '{}' and '{}', whose clocks have "
                    "nothing in common; take both times on one device.",
                    difference_name, Device(end_device).name(), Device(start_device).name()));
  }
  return end.time() - start.time();
}

}  // namespace dovetail
