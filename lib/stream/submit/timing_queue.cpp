// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/timing_queue.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "dovetail/stream/stream.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"

namespace dovetail::detail {
namespace {

/// Tries several times, at last to fail it: behind an event that never ends a queue hangs.
void complete(cl_event user_event) noexcept {
  cl_int status = clSetUserEventStatus(user_event, CL_COMPLETE);
  for (int attempts = 9; attempts > 0 && status != CL_SUCCESS; --attempts) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    status = clSetUserEventStatus(user_event, attempts > 1 ? CL_COMPLETE : CL_OUT_OF_RESOURCES);
  }
  report_unless_success(status, "clSetUserEventStatus");
  release(user_event);
}

void CL_CALLBACK complete_user_event(cl_event, cl_int, void* user_event) noexcept {
  // Even if the point has failed, which its own event tells: the companion must go on.
  complete(static_cast<cl_event>(user_event));
}

/// Completes its event at the latest when it goes, so that no queue waits for ever.
class UserEvent {
 public:
  explicit UserEvent(const Context& context) {
    cl_int status = CL_SUCCESS;
    event_ = clCreateUserEvent(context.get(), &status);
    check(status, "clCreateUserEvent");
  }
  ~UserEvent() {
    if (event_ != nullptr) complete(event_);
  }
  UserEvent(const UserEvent&) = delete;
  UserEvent& operator=(const UserEvent&) = delete;

  cl_event get() const noexcept { return event_; }

  void complete_after(cl_event other) {
    check(clSetEventCallback(other, CL_COMPLETE, complete_user_event, event_),
          "clSetEventCallback");
    event_ = nullptr;
  }

 private:
  cl_event event_ = nullptr;
};

bool has_failed(const Event& event) {
  cl_int status = CL_QUEUED;
  check(clGetEventInfo(event.get(), CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
                       nullptr),
        "clGetEventInfo");
  return status < 0;
}

cl_command_queue make_queue(const Stream& stream, HandOver hand_over) {
  const cl_device_id device = stream.device().get();
  cl_command_queue_properties supported = 0;
  check(clGetDeviceInfo(device, CL_DEVICE_QUEUE_ON_HOST_PROPERTIES, sizeof(supported), &supported,
                        nullptr),
        "clGetDeviceInfo");
  check_takes_time_stamps(stream.device(), supported);
  // PoCL 3.1 makes no callback for a point that has failed, so its time stamp never ends, and those
  // of later points must not wait for it.
  const cl_command_queue_properties order =
      hand_over == HandOver::host ? supported & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE : 0;
  const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE | order,
                                            0};
  cl_int status = CL_SUCCESS;
  cl_command_queue queue =
      clCreateCommandQueueWithProperties(stream.context().get(), device, properties, &status);
  check(status, "clCreateCommandQueueWithProperties");
  return queue;
}

cl_mem make_scratch(const Context& context) {
  cl_int status = CL_SUCCESS;
  cl_mem memory =
      clCreateBuffer(context.get(), CL_MEM_READ_WRITE, sizeof(cl_uint), nullptr, &status);
  check(status, "clCreateBuffer");
  return memory;
}

}  // namespace

TimeStamp::~TimeStamp() {
  release(taken);
  if (passed != nullptr) release(passed);
}

HandOver hand_over_for(const Device& device) noexcept {
  if (device.type() != DeviceType::cpu) return HandOver::device;
  // By name, as no query tells how a driver schedules its threads.
  return device.platform_name() == "Portable Computing Language" ? HandOver::host : HandOver::held;
}

void check_takes_time_stamps(const Device& device, cl_command_queue_properties supported) {
  if (supported & CL_QUEUE_PROFILING_ENABLE) return;
  throw_opencl_error(
      CL_INVALID_QUEUE_PROPERTIES, "clCreateCommandQueueWithProperties", SourceLocation::current(),
      fmt::format("[Stream::record_timed] the device '{}' takes no time stamps "
                  "(CL_DEVICE_QUEUE_ON_HOST_PROPERTIES lacks CL_QUEUE_PROFILING_ENABLE); use "
                  "Stream::record and the host's clock",
                  device.name()));
}

TimingQueue::~TimingQueue() {
  if (scratch_ != nullptr) release(scratch_);
  if (queue_ != nullptr) release(queue_);
}

void TimingQueue::make_once(const Stream& stream, HandOver hand_over) {
  std::call_once(made_, [&] {
    if (scratch_ == nullptr) scratch_ = make_scratch(stream.context());
    queue_ = make_queue(stream, hand_over);
  });
}

TimedPoint TimingQueue::record(const Stream& stream, HandOver hand_over) {
  make_once(stream, hand_over);
  const std::scoped_lock lock(order_);
  if (hand_over == HandOver::host) return record_through_host(stream);
  Event event = stream.record();
  stream.flush();
  const auto stamp = stamp_behind(stream, event);
  if (hand_over == HandOver::held && stamp != nullptr) hold_until_taken(stream, *stamp);
  return {std::move(event), stamp};
}

/// Or what is given to the stream next starts before the time is taken, and delays it.
void TimingQueue::hold_until_taken(const Stream& stream, TimeStamp& stamp) {
  check(clEnqueueBarrierWithWaitList(stream.get(), 1, &stamp.taken, &stamp.passed),
        "clEnqueueBarrierWithWaitList");
}

/// A command behind `event` whose end is its time. Not a marker: in PoCL 3.1 one waits for all
/// before it even on an out-of-order queue, and on NVIDIA's driver 580 it has no time where it
/// waits.
cl_event TimingQueue::enqueue_stamp(cl_event event) {
  const cl_uint zero = 0;
  cl_event taken = nullptr;
  check(clEnqueueFillBuffer(queue_, scratch_, &zero, sizeof(zero), 0, sizeof(zero), 1, &event,
                            &taken),
        "clEnqueueFillBuffer");
  return taken;
}

TimedPoint TimingQueue::record_through_host(const Stream& stream) {
  UserEvent reached(stream.context());
  const cl_event gate = reached.get();
  const cl_event taken = enqueue_stamp(gate);
  const auto stamp = std::make_shared<TimeStamp>(taken);
  check(clFlush(queue_), "clFlush");
  Event event = stream.record();
  hold_until_taken(stream, *stamp);
  // Last: an event that fails before has its callback made at once, one that fails from now on
  // takes the barrier with it. So the stream does not wait for a time that is never taken.
  reached.complete_after(event.get());
  stream.flush();
  return {std::move(event), stamp};
}

std::shared_ptr<TimeStamp> TimingQueue::stamp_behind(const Stream& stream, const Event& event) {
  make_once(stream, HandOver::device);
  // PoCL 3.1 never reaches a marker behind an event that had failed before.
  if (has_failed(event)) return nullptr;
  auto stamp = std::make_shared<TimeStamp>(enqueue_stamp(event.get()));
  check(clFlush(queue_), "clFlush");
  return stamp;
}

TimedPoint record_timed(const Stream& stream, TimingQueue& companion) {
  check_not_forked("Stream::record_timed");
  if (stream.has_profiling()) return {stream.record(), nullptr};
  return companion.record(stream, hand_over_for(stream.device()));
}

}  // namespace dovetail::detail
