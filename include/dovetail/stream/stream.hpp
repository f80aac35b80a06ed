// SPDX-License-Identifier: Apache-2.0
// Streams: handles to in-order OpenCL command queues.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/event.hpp"
#include "dovetail/stream/timed_event.hpp"

namespace dovetail {

/// Who keeps a stream's queue alive.
enum class StreamOrigin {
  owned,     ///< Dovetail made the queue.
  retained,  ///< Somebody else made it; Dovetail holds a reference.
  borrowed,  ///< Somebody else made it and keeps it alive for as long as any handle to the stream.
};

/// "owned", "retained" or "borrowed".
DOVETAIL_EXPORT std::string_view to_string(StreamOrigin origin) noexcept;

struct StreamOptions {
  /// The device writes time stamps for every command, which `record_timed` needs. Some drivers run
  /// such queues more slowly.
  bool profiling = false;
};

namespace detail {
struct StreamState;
}

/// A copyable handle to one in-order command queue.
///
/// Work that is given to a stream runs in the order in which it was given, whichever layer gives
/// it. All handles to one queue are equal and share one `id()`. Thread-safe: any number of threads
/// may give work to one stream at once.
class DOVETAIL_EXPORT Stream {
 public:
  /// Makes an in-order queue on the context's device.
  /// @throws OpenCLError  the driver refuses.
  explicit Stream(const Context& context = Context::default_context(),
                  const StreamOptions& options = {});

  /// Shares somebody's queue and keeps it alive (clRetainCommandQueue).
  /// @param context  The context that the caller works in; the queue must belong to it.
  /// @throws InvalidArgument  `queue` is null, out-of-order or a device-side queue, or its context
  ///                          or device is not that of `context`.
  [[nodiscard]] static Stream retain(const Context& context, cl_command_queue queue);

  /// Uses somebody's queue without keeping it alive: the caller must, for as long as any handle to
  /// this stream or an event recorded on it exists. Same checks as `retain`.
  [[nodiscard]] static Stream borrow(const Context& context, cl_command_queue queue);

  /// Blocks until everything given to this queue so far, by any party, is done.
  ///
  /// Waits on a marker rather than with clFinish, which on some drivers returns success after a
  /// failed command.
  /// @throws OpenCLError  a command failed, as far as the driver hands that on to a marker behind
  /// it:
  ///                      PoCL 3.1 forgets a command that had failed before this call.
  void synchronize() const;

  /// Has the driver start what was given so far; returns at once.
  void flush() const;

  /// Marks this point of the queue. The event is done when everything given before it is.
  [[nodiscard]] Event record() const;

  /// Like `record`, and takes the device's time there.
  /// @throws InvalidArgument  the queue was made without profiling.
  [[nodiscard]] TimedEvent record_timed() const;

  /// Work given to this stream from now on runs after `event`; the host does not block.
  ///
  /// Flushes the event's queue, without which OpenCL does not promise that the event is ever
  /// reached. For an event of this same queue nothing is needed and nothing is enqueued.
  /// @throws InvalidArgument  the event belongs to another context.
  void wait(const Event& event) const;

  /// The native queue, for other libraries. What they enqueue on it keeps its place in the order.
  cl_command_queue get() const noexcept;
  /// Unique in this process for as long as it runs, unlike the handle's value.
  std::uint64_t id() const noexcept;
  StreamOrigin origin() const noexcept;
  bool has_profiling() const noexcept;
  const Context& context() const noexcept;
  const Device& device() const noexcept { return context().device(); }

  /// Same queue.
  friend bool operator==(const Stream& a, const Stream& b) noexcept { return a.get() == b.get(); }

 private:
  explicit Stream(std::shared_ptr<detail::StreamState> state);
  std::shared_ptr<detail::StreamState> state_;
};

}  // namespace dovetail
