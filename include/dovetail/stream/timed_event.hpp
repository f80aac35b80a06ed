// SPDX-License-Identifier: Apache-2.0
// Events with the device's time.
#pragma once

#include <chrono>
#include <memory>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/event.hpp"

namespace dovetail {

namespace detail {
struct TimedPoint;
struct TimeStamp;
}  // namespace detail

/// A point of a stream with the device's time there, made by `Stream::record_timed`.
///
/// `end - start` is the time between two points of one device, on one stream or two, with or
/// without profiling. The device's clock also runs while the device is idle or works for others.
///
/// The time includes all work between the points, and the device's pauses between commands. PoCL on
/// two cores, median over kernels of 3 us to 9 ms: 1 to 26 us more than the kernel itself on a
/// queue with profiling, 4 to 35 us on one without. Without profiling the stream also pauses at the
/// point until the time is taken (CPUs), or the time may be late by the hand-over to another queue
/// (GPUs). See docs/design/0007-timed-events.md. Thread-safe.
class DOVETAIL_EXPORT TimedEvent : public Event {
 public:
  /// Returns the time from `start` to `end`; negative in reverse. Blocks until both are done.
  /// @throws InvalidArgument  the events belong to different devices.
  /// @throws OpenCLError      a command before one of them failed.
  friend DOVETAIL_EXPORT std::chrono::nanoseconds operator-(const TimedEvent& end,
                                                            const TimedEvent& start);

 private:
  friend class Stream;
  explicit TimedEvent(detail::TimedPoint point);
  std::chrono::nanoseconds time() const;

  std::shared_ptr<const detail::TimeStamp> stamp_;
};

}  // namespace dovetail
