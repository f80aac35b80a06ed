// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream.hpp"

#include <fmt/format.h>

#include <exception>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/queue_info.hpp"
#include "lib/stream/capture/capture_session.hpp"
#include "lib/stream/order/stream_registry.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/stream_access.hpp"
#include "lib/stream/submit/submission.hpp"

namespace dovetail {
namespace {

using detail::queue_info;
using detail::state_of;
using detail::StreamRemains;
using detail::StreamState;

constexpr const char* wait_name = "Stream::wait";

void check_given(std::string_view function, cl_command_queue queue) {
  if (queue != nullptr) return;
  throw InvalidArgument(fmt::format(
      "[{}] the queue is null; give a live cl_command_queue, or make a Stream of its own.",
      function));
}

Context context_of(std::string_view function, cl_command_queue queue) {
  check_given(function, queue);
  return Context::retain(queue_info<cl_context>(queue, CL_QUEUE_CONTEXT),
                         Device(queue_info<cl_device_id>(queue, CL_QUEUE_DEVICE)));
}

/// Checks that `queue` can serve as a stream of `context`; returns its properties.
cl_command_queue_properties check_adoptable(std::string_view function, const Context& context,
                                            cl_command_queue queue) {
  check_given(function, queue);
  if (queue_info<cl_context>(queue, CL_QUEUE_CONTEXT) != context.get()) {
    throw InvalidArgument(fmt::format(
        "[{}] the queue belongs to another context; make the Context with Context::retain from the "
        "queue's own context.",
        function));
  }
  const auto device = queue_info<cl_device_id>(queue, CL_QUEUE_DEVICE);
  if (device != context.device().get()) {
    throw InvalidArgument(
        fmt::format("[{}] the queue is on device '{}', but the context's device is '{}'; make the "
                    "Context with Context::retain and the queue's device.",
                    function, Device(device).name(), context.device().name()));
  }
  const auto properties = queue_info<cl_command_queue_properties>(queue, CL_QUEUE_PROPERTIES);
  if (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) {
    throw InvalidArgument(fmt::format(
        "[{}] the queue is {}; a stream's order comes from an in-order host queue: make the queue "
        "without CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE.",
        function, properties & CL_QUEUE_ON_DEVICE ? "a device-side queue" : "out-of-order"));
  }
  return properties;
}

std::shared_ptr<StreamState> adopt(std::string_view function, const Context& context,
                                   cl_command_queue queue, StreamOrigin origin,
                                   const AdoptionOptions& options) {
  detail::check_not_forked(function);
  detail::check_not_moved_from(function, "context", context);
  const auto properties = check_adoptable(function, context, queue);
  const auto retain = [&] { detail::check(clRetainCommandQueue(queue), "clRetainCommandQueue"); };
  auto state = detail::find_or_add_stream(queue, context.get(), [&](const StreamRemains& before) {
    if (origin == StreamOrigin::retained) retain();
    return std::make_shared<StreamState>(context, queue, origin,
                                         (properties & CL_QUEUE_PROFILING_ENABLE) != 0,
                                         !options.exclusive, before);
  });
  if (state->origin == StreamOrigin::owned) return state;
  bool is_changed = false;
  auto borrowed = StreamOrigin::borrowed;
  if (origin == StreamOrigin::retained &&
      state->origin.compare_exchange_strong(borrowed, StreamOrigin::retained)) {
    retain();
    is_changed = true;
  }
  if (!options.exclusive) is_changed |= state->foreign.share();
  if (is_changed) log_stream(*state);
  return state;
}

/// Refuses a wait between contexts.
void check_context(std::string_view what, cl_context context, const StreamState& stream) {
  if (context == stream.context.get()) return;
  throw InvalidArgument(fmt::format(
      "[Stream::wait] the {} belongs to another context, and OpenCL orders queues within "
      "one context only; block the host with synchronize().",
      what));
}

}  // namespace

std::string_view to_string(StreamOrigin origin) noexcept {
  return origin == StreamOrigin::owned      ? "owned"
         : origin == StreamOrigin::retained ? "retained"
                                            : "borrowed";
}

Stream::Stream(std::shared_ptr<detail::StreamState> state) : state_(std::move(state)) {}

Stream::Stream(const Context& context, const StreamOptions& options) {
  detail::check_not_forked("Stream");
  detail::check_not_moved_from("Stream", "context", context);
  const cl_queue_properties properties[] = {
      CL_QUEUE_PROPERTIES,
      static_cast<cl_queue_properties>(options.profiling ? CL_QUEUE_PROFILING_ENABLE : 0), 0};
  cl_int status = CL_SUCCESS;
  cl_command_queue queue = clCreateCommandQueueWithProperties(context.get(), context.device().get(),
                                                              properties, &status);
  detail::check(status, "clCreateCommandQueueWithProperties");
  state_ = detail::find_or_add_stream(queue, context.get(), [&](const StreamRemains&) {
    return std::make_shared<StreamState>(context, queue, StreamOrigin::owned, options.profiling,
                                         false);
  });
}

Stream Stream::retain(const Context& context, cl_command_queue queue,
                      const AdoptionOptions& options) {
  return Stream(adopt("Stream::retain", context, queue, StreamOrigin::retained, options));
}

Stream Stream::retain(cl_command_queue queue, const AdoptionOptions& options) {
  return retain(context_of("Stream::retain", queue), queue, options);
}

Stream Stream::borrow(const Context& context, cl_command_queue queue,
                      const AdoptionOptions& options) {
  return Stream(adopt("Stream::borrow", context, queue, StreamOrigin::borrowed, options));
}

Stream Stream::borrow(cl_command_queue queue, const AdoptionOptions& options) {
  return borrow(context_of("Stream::borrow", queue), queue, options);
}

void Stream::synchronize() const {
  constexpr std::string_view function = "Stream::synchronize";
  state_of(*this, function)->synchronize(std::nullopt, function);
}

void Stream::synchronize(std::chrono::nanoseconds limit) const {
  constexpr std::string_view function = "Stream::synchronize";
  state_of(*this, function)->synchronize(detail::deadline_after(function, limit), function);
}

void Stream::flush() const {
  constexpr std::string_view function = "Stream::flush";
  detail::check_not_forked(function);
  detail::check(clFlush(state_of(*this, function)->queue), "clFlush");
}

Event Stream::record() const {
  constexpr std::string_view function = "Stream::record";
  const auto& state = state_of(*this, function);
  detail::check_takes_work(*this, function);
  return Event(
      std::make_shared<detail::EventState>(detail::EventState{state->new_marker(), state}));
}

Point Stream::point() const noexcept {
  if (!state_) return {};
  return {state_->id, state_->timeline.enqueued()};
}

TimedEvent Stream::record_timed() const {
  constexpr std::string_view function = "Stream::record_timed";
  StreamState& state = *state_of(*this, function);
  detail::check_takes_work(*this, function);
  return TimedEvent(detail::record_timed(*this, state.timing));
}

void Stream::wait(const Event& event) const {
  StreamState& state = *state_of(*this, wait_name);
  const detail::EventState& awaited = event.state(wait_name);
  state.check_not_capturing(wait_name);
  if (awaited.producer != nullptr) {
    check_context("event", awaited.producer->context.get(), state);
  } else {
    cl_context event_context = nullptr;
    detail::check(clGetEventInfo(awaited.marker->event, CL_EVENT_CONTEXT, sizeof(event_context),
                                 &event_context, nullptr),
                  "clGetEventInfo");
    check_context("event", event_context, state);
    if (awaited.marker->foreign_queue == state.queue) return;
  }
  detail::wait_for_event(state, awaited, wait_name);
}

void Stream::wait(const Stream& other) const {
  const auto& state = state_of(*this, wait_name);
  const StreamState& producer = *state_of(other, wait_name);
  check_context("stream", producer.context.get(), *state);
  const bool is_captured = state->capture.is_capturing() || producer.capture.is_capturing();
  if (is_captured && detail::capture_wait(state, producer)) return;
  detail::wait_for_point(*state, other.point(), producer.foreign.is_shared(), wait_name);
}

void Stream::wait(Point point) const {
  StreamState& state = *state_of(*this, wait_name);
  state.check_not_capturing(wait_name);
  const auto producer = detail::find_producer(point.stream);
  if (producer.alive) {
    producer.alive->check_not_capturing(wait_name);
    check_context("point", producer.alive->context.get(), state);
    const std::uint64_t given = producer.alive->timeline.enqueued();
    if (point.ticket > given) {
      throw InvalidArgument(fmt::format(
          "[Stream::wait] {} has been given work up to {}, and not {}; wait for what was given.",
          producer.alive->label(), given, point.ticket));
    }
  } else if (point.ticket != 0 && !detail::was_stream_id(point.stream)) {
    throw InvalidArgument(
        fmt::format("[Stream::wait] the point is {} of stream #{}, and no stream has had that "
                    "number; wait for what Stream::point() gave.",
                    point.ticket, point.stream));
  }
  const bool foreign = producer.alive && producer.alive->foreign.is_shared();
  detail::wait_for_point(state, point, foreign, wait_name);
}

void Stream::declare_done(Point point) {
  constexpr std::string_view function = "Stream::declare_done";
  detail::check_not_forked(function);
  if (const auto alive = detail::find_producer(point.stream).alive) {
    const std::uint64_t given = alive->timeline.enqueued();
    if (point.ticket > given) detail::throw_not_given(alive->label(), given, point);
    return alive->timeline.note_completion(point.ticket);
  }
  if (detail::declare_retired_done(point) || detail::was_stream_id(point.stream)) return;
  throw InvalidArgument(
      fmt::format("[{}] no stream has had the number {}; give what Stream::point() gave.", function,
                  point.stream));
}

void Stream::attach(std::shared_ptr<Peer> peer) const {
  StreamState& state = *state_of(*this, "Stream::attach");
  if (!peer) throw InvalidArgument("[Stream::attach] the peer is null.");
  state.foreign.attach(std::move(peer));
  log_stream(state);
}

void Stream::detach(const Peer& peer) const {
  constexpr std::string_view function = "Stream::detach";
  detail::check_not_forked(function);
  StreamState& state = *state_of(*this, function);
  const std::exception_ptr failure = state.foreign.detach(peer);
  log_stream(state);
  if (failure) std::rethrow_exception(failure);
}

void Stream::reset(std::chrono::nanoseconds limit) const {
  constexpr std::string_view function = "Stream::reset";
  detail::check_not_forked(function);
  StreamState& state = *state_of(*this, function);
  state.check_not_capturing(function);
  const auto deadline = detail::deadline_after(function, limit);
  if (!state.failure.is_set()) return;
  const auto last = state.new_marker();
  last->flush();
  if (!last->wait(deadline)) detail::throw_timed_out(function, &state);
  state.reset(last->covers.ticket);
}

StreamStatistics Stream::statistics() const noexcept {
  return state_ ? state_->counters.statistics(state_->timeline.enqueued()) : StreamStatistics();
}

cl_command_queue Stream::get() const noexcept { return state_ ? state_->queue : nullptr; }
std::uint64_t Stream::id() const noexcept { return state_ ? state_->id : 0; }
StreamOrigin Stream::origin() const noexcept {
  return state_ ? state_->origin.load() : StreamOrigin::borrowed;
}
bool Stream::has_profiling() const noexcept { return state_ && state_->profiling; }
bool Stream::is_capturing() const noexcept { return state_ && state_->capture.is_capturing(); }
const Context& Stream::context() const { return state_of(*this, "Stream::context")->context; }
const Device& Stream::device() const { return state_of(*this, "Stream::device")->context.device(); }

namespace detail {
void throw_stream_moved_from(std::string_view function) { throw_moved_from(function, "stream"); }
Stream stream_of(std::shared_ptr<StreamState> state) noexcept { return Stream(std::move(state)); }
}  // namespace detail

}  // namespace dovetail
