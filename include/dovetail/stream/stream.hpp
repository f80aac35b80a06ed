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

struct StreamOptions {
  /// The device writes time stamps for every command. `record_timed` then costs no more than
  /// `record`, but some drivers run such queues more slowly.
  bool profiling = false;
};

struct AdoptionOptions {
  /// A promise that nobody but Dovetail enqueues on the queue while a handle to the stream exists.
  /// Without it, other streams that depend on this one's work wait each time for all that is on the
  /// queue, since what others put there may have touched the same memory.
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

/// A copyable handle to one in-order command queue.
///
/// Work that is given to a stream runs in the order in which it was given, whichever layer gives
/// it. Work given to different streams runs in the order in which it was given where it touches the
/// same memory and one of the two writes it: the waits that are missing are inserted, on the
/// device. All handles to one queue are equal and share one `id()`. Thread-safe: any number of
/// threads may give work to one stream at once.
///
/// A command that fails, or a dependency on one, makes its stream refuse: every function that gives
/// work or waits throws a CommandError with the first failure, until `reset()`. No wait then hangs.
///
/// A handle that was moved from returns null from `get()`, 0 from `id()`, `borrowed` as its origin,
/// a point of zeros, counts of 0, and false; whatever else it is asked for, or given to, throws
/// InvalidArgument.
class DOVETAIL_EXPORT Stream {
 public:
  /// Makes an in-order queue on the context's device.
  /// @throws OpenCLError  the driver refuses.
  explicit Stream(const Context& context = Context::default_context(),
                  const StreamOptions& options = {});

  /// Shares somebody's queue and keeps it alive (clRetainCommandQueue).
  ///
  /// While handles to a stream exist, adopting its queue gives that stream. A queue of Dovetail's
  /// own stays as it is. Any other is retained from the first `retain` on, and others may enqueue
  /// on it from the first adoption without `exclusive` on: a later `borrow` or `exclusive` takes
  /// neither back.
  /// @param context  The context that the caller works in; the queue must belong to it.
  /// @throws InvalidArgument  `queue` is null, out-of-order or a device-side queue, or its context
  ///                          or device is not that of `context`.
  [[nodiscard]] static Stream retain(const Context& context, cl_command_queue queue,
                                     const AdoptionOptions& options = {});

  /// Uses somebody's queue without keeping it alive: the caller must, for as long as any handle to
  /// this stream or an event recorded on it exists. Same checks as `retain`.
  ///
  /// Nothing touches the queue when the last handle goes. Work given to it that another stream's
  /// work depends on, and that is not known to be done, can then not be waited for: such work is
  /// refused with an Error, until the queue is adopted again or `declare_done` says that it is
  /// over.
  [[nodiscard]] static Stream borrow(const Context& context, cl_command_queue queue,
                                     const AdoptionOptions& options = {});

  /// Blocks until everything given to this queue so far, by any party, is done.
  ///
  /// Waits on a marker rather than with clFinish, which on some drivers returns success after a
  /// failed command. Of several threads that ask at once, one waits for all.
  /// @throws CommandError  a command failed, as far as the driver hands that on to a marker behind
  ///                       it: PoCL 3.1 forgets a command that had failed before this call.
  void synchronize() const;

  /// `synchronize` with a limit.
  /// @throws TimedOut  it was not done by then; the text says who waits for whom. The work goes on.
  void synchronize_for(std::chrono::nanoseconds limit) const;

  /// Has the driver start what was given so far; returns at once.
  void flush() const;

  /// Marks this point of the queue. The event is done when everything given before it is.
  [[nodiscard]] Event record() const;

  /// The latest work that was given to this stream through Dovetail. Costs nothing.
  Point point() const noexcept;

  /// Like `record`, and takes the device's time there: on a queue with profiling by itself, else by
  /// a companion queue, which the stream makes at the first call. See TimedEvent for what that
  /// costs.
  /// @throws OpenCLError  the device takes no time stamps.
  [[nodiscard]] TimedEvent record_timed() const;

  /// Work given to this stream from now on runs after `event`; the host does not block.
  ///
  /// Flushes the event's queue, without which OpenCL does not promise that the event is ever
  /// reached. Where the order holds already, as for an event of this same queue, nothing is
  /// enqueued.
  /// @throws InvalidArgument  the event belongs to another context.
  /// @throws CommandError     the event has failed.
  void wait(const Event& event) const;

  /// Work given to this stream from now on runs after all that `other` has been given through
  /// Dovetail so far. Where others may enqueue on the queue of `other` (it was adopted without
  /// `exclusive`, or has a peer), also after all that they have put there, even if Dovetail has
  /// given it nothing. What they put on any other queue needs `wait(other.record())`. An event is
  /// made only where the order does not hold already.
  /// @throws InvalidArgument  `other` belongs to another context.
  void wait(const Stream& other) const;

  /// Work given to this stream from now on runs after a point of another stream, or of this.
  /// @throws InvalidArgument  the stream has not been given that work yet, never was, or belongs to
  ///                          another context.
  void wait(Point point) const;

  /// Promises that the work of a stream up to `point` is done, as after a clFinish by the owner of
  /// a borrowed queue: nothing waits for it any more. Needed only where the last handle to a
  /// borrowed queue went before its work was known to be done. The promise is not checked: while
  /// the work still runs, what depends on it no longer waits. A failure of the stream stays.
  /// @throws InvalidArgument  no stream has been given that work.
  /// @throws ForkedProcess  Dovetail was used before this process was forked.
  static void declare_done(Point point);

  /// Makes a framework that enqueues on this queue by itself known; from now on it is told to
  /// submit what it holds back where order needs that. Attaching says that peers are the only
  /// others who enqueue here, so their frontiers prove what a wait covers.
  /// @throws InvalidArgument  null, or attached already.
  void attach(std::shared_ptr<Peer> peer) const;
  /// Ends that, after the peer was told to submit what it holds back. What its submit() throws is
  /// thrown once it is detached: then that work has lost its place.
  /// @throws InvalidArgument  `peer` is not attached.
  void detach(const Peer& peer) const;

  /// Makes a stream that has failed take work again, after waiting for what is still on its queue.
  /// What failed work should have written stays as it is.
  /// @throws TimedOut  the queue is not empty after `limit`; the stream still refuses.
  void reset(std::chrono::nanoseconds limit = std::chrono::seconds(10)) const;

  /// Counts of decisions and waits; always kept. See OrderRecorder for each single one.
  StreamStatistics statistics() const noexcept;

  /// The native queue, for other libraries. What they enqueue on it keeps its place in this
  /// stream's order; towards other streams Dovetail does not see it: see with_queue, which declares
  /// it.
  cl_command_queue get() const noexcept;
  /// Unique in this process for as long as it runs, unlike the handle's value.
  std::uint64_t id() const noexcept;
  StreamOrigin origin() const noexcept;
  bool has_profiling() const noexcept;
  /// Whether work given to this stream is recorded, not run: a `Capture` began on it, or it joined
  /// one by `wait`.
  bool is_capturing() const noexcept;
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const;
  const Device& device() const;

  /// Same queue.
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

/// The process's streams, and who waits for whom, as text for people: one line for each stream that
/// is alive, with its work that is not known to be done, and for each wait that is not over.
DOVETAIL_EXPORT std::string dump_streams();

}  // namespace dovetail
