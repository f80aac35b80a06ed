// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream.hpp"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/stream_state.hpp"

namespace dovetail {
namespace {

using detail::StreamState;

/// The live states by queue, so that handles to one queue share one state and one id.
struct Registry {
  std::mutex mutex;
  std::unordered_map<cl_command_queue, std::weak_ptr<StreamState>> states;
};

Registry& registry() {
  static Registry* const instance = new Registry;  // outlives streams in static storage
  return *instance;
}

std::uint64_t next_stream_id() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

template <typename T>
T queue_info(cl_command_queue queue, cl_command_queue_info what) {
  T value{};
  detail::check(clGetCommandQueueInfo(queue, what, sizeof(value), &value, nullptr),
                "clGetCommandQueueInfo");
  return value;
}

/// Checks that `queue` can serve as a stream of `context`; returns its properties.
cl_command_queue_properties check_adoptable(std::string_view function, const Context& context,
                                            cl_command_queue queue) {
  if (queue == nullptr) {
    throw InvalidArgument(fmt::format(
        "[{}] the queue is null; give a live cl_command_queue, or make a Stream of its own.",
        function));
  }
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
                                   cl_command_queue queue, StreamOrigin origin) {
  const auto properties = check_adoptable(function, context, queue);
  Registry& live = registry();
  const std::scoped_lock lock(live.mutex);
  auto& entry = live.states[queue];
  if (auto state = entry.lock()) {
    if (origin == StreamOrigin::retained && state->origin == StreamOrigin::borrowed) {
      detail::check(clRetainCommandQueue(queue), "clRetainCommandQueue");
      state->origin = StreamOrigin::retained;
    }
    return state;
  }
  if (origin == StreamOrigin::retained) {
    detail::check(clRetainCommandQueue(queue), "clRetainCommandQueue");
  }
  auto state = std::make_shared<StreamState>(context, queue, origin,
                                             (properties & CL_QUEUE_PROFILING_ENABLE) != 0);
  entry = state;
  return state;
}

cl_event enqueue_marker(cl_command_queue queue) {
  cl_event event = nullptr;
  detail::check(clEnqueueMarkerWithWaitList(queue, 0, nullptr, &event),
                "clEnqueueMarkerWithWaitList");
  return event;
}

}  // namespace

namespace detail {

StreamState::StreamState(Context context_in, cl_command_queue queue_in, StreamOrigin origin_in,
                         bool profiling_in)
    : context(std::move(context_in)),
      queue(queue_in),
      origin(origin_in),
      profiling(profiling_in),
      id(next_stream_id()) {}

StreamState::~StreamState() {
  {
    Registry& live = registry();
    const std::scoped_lock lock(live.mutex);
    const auto entry = live.states.find(queue);
    // The queue may meanwhile have been adopted anew, by a state that is alive.
    if (entry != live.states.end() && entry->second.expired()) live.states.erase(entry);
  }
  if (origin != StreamOrigin::borrowed) {
    report_unless_success(clReleaseCommandQueue(queue), "clReleaseCommandQueue");
  }
}

}  // namespace detail

std::string_view to_string(StreamOrigin origin) noexcept {
  switch (origin) {
    case StreamOrigin::owned:
      return "owned";
    case StreamOrigin::retained:
      return "retained";
    case StreamOrigin::borrowed:
      break;
  }
  return "borrowed";
}

Stream::Stream(std::shared_ptr<detail::StreamState> state) : state_(std::move(state)) {}

Stream::Stream(const Context& context, const StreamOptions& options) {
  const cl_queue_properties properties[] = {
      CL_QUEUE_PROPERTIES,
      static_cast<cl_queue_properties>(options.profiling ? CL_QUEUE_PROFILING_ENABLE : 0), 0};
  cl_int status = CL_SUCCESS;
  cl_command_queue queue = clCreateCommandQueueWithProperties(context.get(), context.device().get(),
                                                              properties, &status);
  detail::check(status, "clCreateCommandQueueWithProperties");
  state_ = std::make_shared<StreamState>(context, queue, StreamOrigin::owned, options.profiling);
  Registry& live = registry();
  const std::scoped_lock lock(live.mutex);
  live.states[queue] = state_;
}

Stream Stream::retain(const Context& context, cl_command_queue queue) {
  return Stream(adopt("Stream::retain", context, queue, StreamOrigin::retained));
}

Stream Stream::borrow(const Context& context, cl_command_queue queue) {
  return Stream(adopt("Stream::borrow", context, queue, StreamOrigin::borrowed));
}

void Stream::synchronize() const { record().synchronize(); }

void Stream::flush() const { detail::check(clFlush(get()), "clFlush"); }

Event Stream::record() const {
  return Event(std::make_shared<detail::EventState>(enqueue_marker(get()), state_));
}

TimedEvent Stream::record_timed() const {
  if (!has_profiling()) {
    throw InvalidArgument(
        "[Stream::record_timed] this stream's queue takes no time stamps; make it with "
        "Stream(context, {.profiling = true}).");
  }
  return TimedEvent(std::make_shared<detail::EventState>(enqueue_marker(get()), state_));
}

void Stream::wait(const Event& event) const {
  if (event.state_->producer == state_) return;  // the queue's own order
  cl_context event_context = nullptr;
  detail::check(
      clGetEventInfo(event.get(), CL_EVENT_CONTEXT, sizeof(event_context), &event_context, nullptr),
      "clGetEventInfo");
  if (event_context != context().get()) {
    throw InvalidArgument(
        "[Stream::wait] the event belongs to another context, and OpenCL orders queues within one "
        "context only; block the host with event.synchronize().");
  }
  cl_command_queue producer = nullptr;  // stays null for a user event
  detail::check(
      clGetEventInfo(event.get(), CL_EVENT_COMMAND_QUEUE, sizeof(producer), &producer, nullptr),
      "clGetEventInfo");
  if (producer == get()) return;
  if (producer != nullptr) detail::check(clFlush(producer), "clFlush");
  const cl_event native = event.get();
  detail::check(clEnqueueBarrierWithWaitList(get(), 1, &native, nullptr),
                "clEnqueueBarrierWithWaitList");
}

cl_command_queue Stream::get() const noexcept { return state_->queue; }
std::uint64_t Stream::id() const noexcept { return state_->id; }
StreamOrigin Stream::origin() const noexcept { return state_->origin; }
bool Stream::has_profiling() const noexcept { return state_->profiling; }
const Context& Stream::context() const noexcept { return state_->context; }

}  // namespace dovetail
