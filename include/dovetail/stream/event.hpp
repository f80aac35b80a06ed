// SPDX-License-Identifier: Apache-2.0
// Events: points of a stream that hosts and other streams can wait for.
#pragma once

#include <CL/cl.h>

#include <chrono>
#include <memory>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

class Stream;
namespace detail {
struct EventState;
struct StreamState;
}  // namespace detail

/// A point of a stream, made by `Stream::record`: a copyable handle.
///
/// A handle that was moved from returns null from `get()`; whatever else it is asked for, or given
/// to, throws InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Event {
 public:
  /// Shares an event of somebody else's command; it is retained for the lifetime of the handles.
  /// @throws InvalidArgument  `event` is null.
  [[nodiscard]] static Event retain(cl_event event);

  /// Blocks until the event's point is reached. Of several threads, one waits for all.
  /// @throws CommandError  the command it stands for, or one before it, failed.
  void synchronize() const;

  /// `synchronize` with a limit.
  /// @throws TimedOut  it was not reached by then; the text says who waits for whom.
  void synchronize_for(std::chrono::nanoseconds limit) const;

  /// Whether the point is reached; never blocks, and sees to it that the work has been started.
  /// @throws CommandError  the command it stands for, or one before it, failed.
  bool is_done() const;

  cl_event get() const noexcept;

 protected:
  friend class Stream;
  explicit Event(std::shared_ptr<detail::EventState> state);
  /// @throws InvalidArgument  the handle was moved from.
  const detail::EventState& state(std::string_view function) const;
  std::shared_ptr<detail::EventState> state_;
};

}  // namespace dovetail
