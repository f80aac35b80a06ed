// SPDX-License-Identifier: Apache-2.0
// Events: points of a stream that the host and other streams can wait for.
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

/// A copyable handle to a point of a stream, made by `Stream::record`.
///
/// After a move, `get()` returns null, and every other use of the handle throws InvalidArgument.
/// Thread-safe.
class DOVETAIL_EXPORT Event {
 public:
  /// Shares the event of another party's command and retains it for as long as a handle exists.
  /// @throws InvalidArgument  `event` is null.
  [[nodiscard]] static Event retain(cl_event event);

  /// Blocks until the event is reached. If several threads call this, one waits for all.
  /// @throws CommandError  the command of the event, or one before it, failed.
  void synchronize() const;

  /// Blocks until the event is reached, for at most `limit`.
  /// @throws CommandError  the command of the event, or one before it, failed.
  /// @throws TimedOut      the event was not reached; the text says who waits for whom.
  void synchronize(std::chrono::nanoseconds limit) const;

  /// Returns whether the event is reached. Never blocks, and flushes the work so that it starts.
  /// @throws CommandError  the command of the event, or one before it, failed.
  bool is_done() const;

  cl_event get() const noexcept;  ///< Returns the native handle.

 protected:
  friend class Stream;
  explicit Event(std::shared_ptr<detail::EventState> state);  ///< For Stream.
  /// @throws InvalidArgument  the handle was moved from.
  const detail::EventState& state(std::string_view function) const;
  std::shared_ptr<detail::EventState> state_;
};

}  // namespace dovetail
