// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/event.hpp"

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/stream_state.hpp"

namespace dovetail {

namespace {

/// The queue of somebody's event, with a reference to it; null for a user event, and for a queue
/// that has been released: that flushed it, and its handle is not to be used.
cl_command_queue retained_queue_of(cl_event event) {
  cl_command_queue queue = nullptr;
  detail::check(clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, nullptr),
                "clGetEventInfo");
  if (queue == nullptr) return nullptr;
  const cl_int status = clRetainCommandQueue(queue);
  if (status == CL_INVALID_COMMAND_QUEUE) return nullptr;
  detail::check(status, "clRetainCommandQueue");
  return queue;
}

}  // namespace

Event::Event(std::shared_ptr<detail::EventState> state) : state_(std::move(state)) {}

Event Event::retain(cl_event event) {
  if (event == nullptr) {
    throw InvalidArgument("[Event::retain] the event is null; give a live cl_event.");
  }
  detail::check(clRetainEvent(event), "clRetainEvent");
  const auto marker = std::make_shared<detail::Marker>(event, Point{}, 0, nullptr);
  marker->foreign_queue = retained_queue_of(event);
  return Event(std::make_shared<detail::EventState>(detail::EventState{marker, {}}));
}

void Event::synchronize() const {
  detail::synchronize_with(state_->marker, state_->producer.get(), std::nullopt,
                           "Event::synchronize");
}

void Event::synchronize_for(std::chrono::nanoseconds limit) const {
  constexpr std::string_view function = "Event::synchronize_for";
  detail::synchronize_with(state_->marker, state_->producer.get(),
                           detail::deadline_after(function, limit), function);
}

bool Event::is_done() const {
  detail::check_not_forked("Event::is_done");
  const cl_int status = state_->marker->status();
  if (status <= CL_COMPLETE) {
    detail::take_note(*state_->marker, state_->producer.get(), status, "Event::is_done");
    return true;
  }
  // Without a flush the driver may hold the work back for ever, and a loop over is_done() with it.
  if (status == CL_QUEUED) state_->marker->flush();
  return false;
}

cl_event Event::get() const noexcept { return state_->marker->event; }

}  // namespace dovetail
