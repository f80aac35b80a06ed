// SPDX-License-Identifier: Apache-2.0
// Streams: handles to in-order OpenCL command queues.
#pragma once

#include <CL/cl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/event.hpp"
#include "dovetail/stream/peer.hpp"
#include "dovetail/stream/point.hpp"
#include "dovetail/stream/stream_origin.hpp"
#include "dovetail/stream/stream_statistics.hpp"
#include "dovetail/stream/timed_event.hpp"

namespace dovetail {

/// How to make a queue.
struct StreamOptions {
  /// The device writes time stamps for every command. `record_timed` then costs no more than
  /// `record`, but some drivers run such queues more slowly.
  bool profiling = false;
};

/// How to adopt a queue.
struct AdoptionOptions {
  /// Promises that only Dovetail enqueues on the queue while a handle to the stream exists. Without
  /// the promise, every dependency of another stream on this one waits for everything on the queue,
  /// since other parties' commands may have touched the same memory.
  bool exclusive = false;
};

class Stream;
namespace detail {
struct StreamState;
// Inline, as every launch asks.
inline const std::shared_ptr<StreamState>& state_of(const Stream& stream) noexcept;
/// @throws InvalidArgument  `function` was given a stream that was moved from.
inline const std::shared_ptr<StreamState>& state_of(const Stream& stream,
                                                    std::string_view function);
[[noreturn]] DOVETAIL_EXPORT void throw_stream_moved_from(std::string_view function);
DOVETAIL_EXPORT Stream stream_of(std::shared_ptr<StreamState> state) noexcept;
}  // namespace detail

/// A copyable handle to an in-order command queue.
///
/// Work on one stream runs in the order in which any layer enqueued it. Work on different streams
/// runs in that order if both touch the same memory and one of them writes it: Dovetail inserts the
/// missing waits on the device. All handles to one queue are equal and share one `id()`.
/// Thread-safe: any number of threads may enqueue on one stream at once.
///
/// If a command fails, or depends on one that failed, its stream enters the failed state: until
/// `reset()`, enqueueing, waiting and recording throw CommandError with the first failure. Waits
/// never hang.
///
/// After a move, `get()` returns null, `id()` 0, `origin()` `borrowed`, `point()` zeros,
/// `statistics()` counts of 0, Boolean functions false; other uses throw InvalidArgument.
class DOVETAIL_EXPORT Stream {
 public:
  /// Makes an in-order queue on the context's device.
  /// @throws OpenCLError  the driver cannot make it.
  explicit Stream(const Context& context = Context::default_context(),
                  const StreamOptions& options = {});

  /// Adopts an existing queue and keeps it alive (clRetainCommandQueue).
  ///
  /// While handles to a stream exist, adopting its queue returns that stream. Adoption does not
  /// change a queue of Dovetail's own. Any other queue is retained from the first `retain` on, and
  /// others may enqueue on it from the first adoption without `exclusive` on; a later `borrow` or
  /// `exclusive` changes neither.
  /// @param context  The caller's context, which the queue must belong to.
  /// @throws InvalidArgument  `queue` is null, out-of-order or a device-side queue, or its context
  ///                          or device differs from that of `context`.
  [[nodiscard]] static Stream retain(const Context& context, cl_command_queue queue,
                                     const AdoptionOptions& options = {});
  /// Adopts an existing queue of whatever context and device, and keeps it alive.
  /// @throws InvalidArgument  `queue` is null, out-of-order or a device-side queue.
  [[nodiscard]] static Stream retain(cl_command_queue queue, const AdoptionOptions& options = {});

  /// Adopts an existing queue without keeping it alive: the caller must, for as long as a handle to
  /// the stream or an event recorded on it exists.
  ///
  /// Dovetail does not touch the queue after the last handle goes. If another stream's work depends
  /// on work on it that is not known to be done, it can no longer wait: it throws an Error until
  /// the queue is adopted again or `declare_done` is called.
  /// @throws InvalidArgument  `queue` is null, out-of-order or a device-side queue, or its context
  ///                          or device differs from that of `context`.
  [[nodiscard]] static Stream borrow(const Context& context, cl_command_queue queue,
                                     const AdoptionOptions& options = {});
  /// Adopts an existing queue of whatever context and device without keeping it alive.
  /// @throws InvalidArgument  `queue` is null, out-of-order or a device-side queue.
  [[nodiscard]] static Stream borrow(cl_command_queue queue, const AdoptionOptions& options = {});

  /// Blocks until all work so far on this queue, from any party, is done.
  ///
  /// Waits on a marker rather than with clFinish, which on some drivers returns success after a
  /// failed command. If several threads call this at once, one waits for all.
  /// @throws CommandError  a command failed, and the driver passes that on to a later marker: PoCL
  ///                       3.1 forgets a command that failed before this call.
  void synchronize() const;

  /// Blocks until all work so far on this queue is done, for at most `limit`.
  /// @throws CommandError  a command failed; see `synchronize`.
  /// @throws TimedOut      the work is not done, and runs on; the text says who waits for whom.
  void synchronize(std::chrono::nanoseconds limit) const;

  void flush() const;  ///< Asks the driver to start the work so far, and returns at once.

  /// Records an event, which is done when everything enqueued before it is.
  [[nodiscard]] Event record() const;

  /// Returns the point of the latest work that this stream received through Dovetail.
  Point point() const noexcept;

  /// Records an event with the device's time. A queue with profiling takes the time itself; for
  /// others a companion queue does, which the first call makes. TimedEvent says what that costs.
  /// @throws OpenCLError  the device takes no time stamps.
  [[nodiscard]] TimedEvent record_timed() const;

  /// Orders later work on this stream after `event`; the host does not block.
  ///
  /// Flushes the event's queue, without which OpenCL does not promise that the event is ever
  /// reached. Enqueues nothing if the order holds already, as for an event of this queue.
  /// @throws InvalidArgument  the event belongs to another context.
  /// @throws CommandError     the event failed.
  void wait(const Event& event) const;

  /// Orders later work on this stream after all work that `other` has received through Dovetail.
  /// Makes an event only if the order does not hold already.
  ///
  /// If others may enqueue on the queue of `other` (adopted without `exclusive`, or with a peer),
  /// orders it after their work there too, even if Dovetail enqueued nothing. For their work on any
  /// other queue, call `wait(other.record())`.
  /// @throws InvalidArgument  `other` belongs to another context.
  void wait(const Stream& other) const;

  /// Orders later work on this stream after a point of any stream.
  /// @throws InvalidArgument  the stream has no such work, never existed, or is of another context.
  void wait(Point point) const;

  /// Promises that a stream's work up to `point` is done, as after the owner of a borrowed queue
  /// called clFinish: nothing waits for it any more. Needed only if the last handle to a borrowed
  /// queue went before its work was known to be done. Dovetail does not check the promise: what
  /// depends on work that still runs no longer waits for it. A failure of the stream stays.
  /// @throws InvalidArgument  no stream has received that work.
  /// @throws ForkedProcess    Dovetail was used before this process was forked.
  static void declare_done(Point point);

  /// Attaches a framework that enqueues on this queue by itself: from now on Dovetail has it submit
  /// what it holds back where order needs that. Attaching also says that only peers enqueue here
  /// besides Dovetail, so that their frontiers prove what a wait covers.
  /// @throws InvalidArgument  `peer` is null or attached already.
  void attach(std::shared_ptr<Peer> peer) const;
  /// Has the peer submit what it holds back, and detaches it. Detaches it also if its `submit`
  /// throws, and passes the exception on: that work has then lost its place.
  /// @throws InvalidArgument  `peer` is not attached.
  void detach(const Peer& peer) const;

  /// Ends the failed state after waiting for what is still on the queue. Does not repair what
  /// failed work should have written.
  /// @throws TimedOut  the queue is not empty after `limit`; the stream stays in the failed state.
  void reset(std::chrono::nanoseconds limit = std::chrono::seconds(10)) const;

  /// Returns the counts of decisions and waits. An OrderRecorder keeps each decision.
  StreamStatistics statistics() const noexcept;

  /// Returns the native queue, for other libraries. Their commands keep their place in this
  /// stream's order; declare them to other streams by `with_queue`.
  cl_command_queue get() const noexcept;
  /// Returns the stream's number, which the process never reuses, unlike a handle's value.
  std::uint64_t id() const noexcept;
  StreamOrigin origin() const noexcept;  ///< Returns who keeps the queue alive.
  bool has_profiling() const noexcept;   ///< Returns whether the queue takes time stamps.
  /// Returns whether a `Capture` records this stream: one began on it, or it joined one by `wait`.
  bool is_capturing() const noexcept;
  /// Returns the context.
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const;
  /// Returns the device.
  /// @throws InvalidArgument  the handle was moved from.
  const Device& device() const;

  /// Compares the queues.
  friend bool operator==(const Stream& a, const Stream& b) noexcept { return a.get() == b.get(); }

 private:
  friend const std::shared_ptr<detail::StreamState>& detail::state_of(const Stream&) noexcept;
  friend const std::shared_ptr<detail::StreamState>& detail::state_of(const Stream&,
                                                                      std::string_view);
  friend Stream detail::stream_of(std::shared_ptr<detail::StreamState>) noexcept;
  explicit Stream(std::shared_ptr<detail::StreamState> state);
  std::shared_ptr<detail::StreamState> state_;
};

namespace detail {
inline const std::shared_ptr<StreamState>& state_of(const Stream& stream) noexcept {
  return stream.state_;
}
inline const std::shared_ptr<StreamState>& state_of(const Stream& stream,
                                                    std::string_view function) {
  if (stream.state_ == nullptr) [[unlikely]]
    throw_stream_moved_from(function);
  return stream.state_;
}
}  // namespace detail

/// Returns the state of the process's streams as text for people: a line for each live stream with
/// its work that is not known to be done, and a line for each wait in progress.
DOVETAIL_EXPORT std::string dump_streams();

}  // namespace dovetail
