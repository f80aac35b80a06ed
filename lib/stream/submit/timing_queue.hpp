// SPDX-License-Identifier: Apache-2.0
// Time stamps for streams whose own queue takes none. Why it is done so: docs/design/0007.
#pragma once

#include <CL/cl.h>

#include <memory>
#include <mutex>

#include "dovetail/core/device.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/event.hpp"

namespace dovetail::detail {

/// The command on a companion queue whose end is the time of a point of a stream.
struct DOVETAIL_EXPORT TimeStamp {
  explicit TimeStamp(cl_event taken_in) : taken(taken_in) {}  // takes over the reference
  ~TimeStamp();
  TimeStamp(const TimeStamp&) = delete;
  TimeStamp& operator=(const TimeStamp&) = delete;

  cl_event taken;
  /// Where the stream is held: its barrier behind the time stamp. Kept because PoCL 3.1 aborts when
  /// a command fails whose event is gone.
  cl_event passed = nullptr;
};

struct TimedPoint {
  Event event;
  /// Empty if the event takes the time itself, or had failed.
  std::shared_ptr<const TimeStamp> stamp;
};

/// Who tells the companion queue that the stream's point is reached, and whether the stream is held
/// until the time is taken.
enum class HandOver {
  host,    ///< A callback; held. On PoCL's CPUs: the thread that reached the point runs it at once.
  held,    ///< OpenCL's wait between queues; held. On other CPUs.
  device,  ///< OpenCL's wait between queues. On GPUs, which hand over by themselves.
};

DOVETAIL_EXPORT HandOver hand_over_for(const Device& device) noexcept;

/// @throws OpenCLError  `supported`, the device's CL_DEVICE_QUEUE_ON_HOST_PROPERTIES, lacks
///                      profiling.
DOVETAIL_EXPORT void check_takes_time_stamps(const Device& device,
                                             cl_command_queue_properties supported);

/// A queue with profiling beside that of one stream, made at first use. Thread-safe.
class DOVETAIL_EXPORT TimingQueue {
 public:
  TimingQueue() = default;
  ~TimingQueue();
  TimingQueue(const TimingQueue&) = delete;
  TimingQueue& operator=(const TimingQueue&) = delete;

  /// Records a point of `stream` and has the device take its time there. Always the same stream and
  /// the same hand-over.
  TimedPoint record(const Stream& stream, HandOver hand_over);

  /// Has the device take its time behind `event`, whose queue must have been flushed, by
  /// HandOver::device. Empty if the event has failed.
  std::shared_ptr<TimeStamp> stamp_behind(const Stream& stream, const Event& event);

 private:
  TimedPoint record_through_host(const Stream& stream);
  cl_event enqueue_stamp(cl_event event);
  static void hold_until_taken(const Stream& stream, TimeStamp& stamp);
  void make_once(const Stream& stream, HandOver hand_over);

  std::once_flag made_;
  cl_command_queue queue_ = nullptr;
  cl_mem scratch_ = nullptr;  // what the time stamps write to
  std::mutex order_;          // keeps the points of both queues in one order
};

/// A point of `stream` with its time, by its own queue if that has profiling, else by `companion`.
TimedPoint record_timed(const Stream& stream, TimingQueue& companion);

}  // namespace dovetail::detail
