// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/event.hpp"

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/order/stream_state.hpp"

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

const detail::EventState& Event::state(std::string_view function) const {
  detail::check_not_moved_from(function, "event", state_);
  return *state_;
}

void Event::synchronize() const {
  constexpr std::string_view function = "Event::synchronize";
  const auto& [marker, producer] = state(function);
  detail::synchronize_with(marker, producer.get(), std::nullopt, function);
}

void Event::synchronize(std::chrono::nanoseconds limit) const {
  constexpr std::string_view function = "Event::synchronize";
  const auto& [marker, producer] = state(function);
  detail::synchronize_with(marker, producer.get(), detail::deadline_after(function, limit),
                           function);
}

bool Event::is_done() const {
  constexpr std::string_view function = "Event::is_done";
  detail::check_not_forked(function);
  const auto& [marker, producer] = state(function);
  const cl_int status = marker->status();
  if (status <= CL_COMPLETE) {
    detail::take_note(*marker, producer.get(), status, function);
    return true;
  }
  // Without a flush the driver may hold the work back for ever, and a loop over is_done() with it.
  if (status == CL_QUEUED) marker->flush();
  return false;
}

cl_event Event::get() const noexcept { return state_ ? state_->marker->event : nullptr; }

}  // namespace dovetail
