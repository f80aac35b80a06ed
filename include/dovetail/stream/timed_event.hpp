// SPDX-License-Identifier: Apache-2.0
// Events that know the device's time.
#pragma once

#include <chrono>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/event.hpp"

namespace dovetail {

/// A point of a stream with the device's time there, made by `Stream::record_timed`.
///
/// `end - start` is the time between two of them on one device. Thread-safe.
class DOVETAIL_EXPORT TimedEvent : public Event {
 public:
  /// Device time from `start` to `end`; negative if `end` came first. Blocks until both are done.
  /// @throws OpenCLError  a command before one of them failed.
  friend DOVETAIL_EXPORT std::chrono::nanoseconds operator-(const TimedEvent& end,
                                                            const TimedEvent& start);

 private:
  friend class Stream;
  using Event::Event;
};

}  // namespace dovetail
