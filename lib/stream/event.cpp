// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/event.hpp"

#include "dovetail/core/error.hpp"
#include "dovetail/stream/timed_event.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/stream_state.hpp"

namespace dovetail {
namespace {

cl_int execution_status(cl_event event) {
  cl_int status = CL_QUEUED;
  detail::check(
      clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr),
      "clGetEventInfo");
  return status;
}

std::chrono::nanoseconds end_time(const TimedEvent& event) {
  event.synchronize();
  cl_ulong time = 0;
  detail::check(
      clGetEventProfilingInfo(event.get(), CL_PROFILING_COMMAND_END, sizeof(time), &time, nullptr),
      "clGetEventProfilingInfo");
  return std::chrono::nanoseconds(time);
}

}  // namespace

namespace detail {

EventState::EventState(cl_event event_in, std::shared_ptr<StreamState> producer_in)
    : event(event_in), producer(std::move(producer_in)) {}

EventState::~EventState() { report_unless_success(clReleaseEvent(event), "clReleaseEvent"); }

void wait_for_event(cl_event event) {
  const cl_int status = clWaitForEvents(1, &event);
  if (status != CL_SUCCESS && status != CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) {
    check(status, "clWaitForEvents");
  }
  // Asked even after success, which some drivers return for a failed event.
  const cl_int outcome = execution_status(event);
  if (outcome < 0 || status != CL_SUCCESS) [[unlikely]] {
    throw_opencl_error(outcome < 0 ? outcome : status, "clWaitForEvents",
                       std::source_location::current(), "a command on the stream failed");
  }
}

}  // namespace detail

Event::Event(std::shared_ptr<detail::EventState> state) : state_(std::move(state)) {}

Event Event::retain(cl_event event) {
  if (event == nullptr) {
    throw InvalidArgument("[Event::retain] the event is null; give a live cl_event.");
  }
  detail::check(clRetainEvent(event), "clRetainEvent");
  return Event(std::make_shared<detail::EventState>(event, nullptr));
}

void Event::synchronize() const { detail::wait_for_event(get()); }

bool Event::is_done() const {
  const cl_int status = execution_status(get());
  if (status < 0) {
    detail::throw_opencl_error(status, "clGetEventInfo", std::source_location::current(),
                               "a command on the stream failed");
  }
  if (status == CL_COMPLETE) return true;
  // Without a flush the driver may hold the work back for ever, and a loop over is_done() with it.
  if (status == CL_QUEUED) {
    cl_command_queue queue = nullptr;  // stays null for a user event
    detail::check(clGetEventInfo(get(), CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, nullptr),
                  "clGetEventInfo");
    if (queue != nullptr) detail::check(clFlush(queue), "clFlush");
  }
  return false;
}

cl_event Event::get() const noexcept { return state_->event; }

std::chrono::nanoseconds operator-(const TimedEvent& end, const TimedEvent& start) {
  return end_time(end) - end_time(start);
}

}  // namespace dovetail
