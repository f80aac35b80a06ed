// SPDX-License-Identifier: Apache-2.0
// Work that is captured once and submitted many times.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {
class CaptureSession;
struct RecordingState;
}  // namespace detail

/// How a recording is given to the driver. Both mean the same.
enum class ReplayMethod : unsigned char {
  automatic,       ///< The faster of the two, as far as it is known for the device.
  command_buffer,  ///< cl_khr_command_buffer: the driver keeps the commands.
  launch_list,     ///< Commands with all arguments set, enqueued one after the other.
};

/// "automatic", "command_buffer" or "launch_list".
DOVETAIL_EXPORT std::string_view to_string(ReplayMethod method) noexcept;

struct RecordingOptions {
  ReplayMethod method = ReplayMethod::automatic;
};

/// A stretch of work, ready to be submitted any number of times: a copyable handle.
///
/// Holds all memory that the work touches, and its temporary memory: it is not used for anything
/// else meanwhile. Thread-safe: replays from several threads are submitted one after the other.
/// With forks a replay is several pieces of work, and what other threads give to its streams may
/// come in between.
///
/// A handle that was moved from returns 0 from `size()` and `automatic` from `method()`; whatever
/// else it is asked for throws InvalidArgument.
class DOVETAIL_EXPORT Recording {
 public:
  /// One command, in the order in which a replay submits them.
  struct Command {
    std::string name;    ///< Such as "kernel 'scale'" or "fill".
    std::size_t stream;  ///< 0 for the stream that the capture began on, then in order of joining.
  };

  /// Submits all of it, as if it were given anew: after what `stream` was given before, and ordered
  /// by the memory that it uses towards all other streams. What was given to other streams of the
  /// capture runs there again. Does not block.
  /// @throws InvalidArgument  `stream` belongs to another context.
  /// @throws CaptureError     `stream`, or one of the capture, captures; or this reads results
  ///                          of an earlier capture that were never submitted.
  /// @throws CommandError     one of the streams, or work that this depends on, has failed.
  /// @throws OpenCLError      the driver refuses.
  /// Nothing is submitted then; where the refusal comes too late for that, the streams that were
  /// given a part fail.
  void replay(const Stream& stream) const;
  /// On the stream that it was captured on.
  void replay() const;

  /// Number of commands.
  std::size_t size() const noexcept;
  std::vector<Command> commands() const;
  /// The position in `commands()` of the `nth` command of that name, counted from 0.
  /// @throws InvalidArgument  there are fewer; lists those there are.
  std::size_t find(std::string_view name, std::size_t nth = 0) const;

  /// Changes one argument of a kernel, for replays from now on.
  /// @param command   Its position in `commands()`.
  /// @param argument  The position among the kernel's parameters, from 0.
  /// @throws InvalidArgument  no such command or argument, a command that is no kernel, a value
  ///                          that the kernel cannot take, or memory that a command of another
  ///                          stream uses which replays in another order than it was captured in;
  ///                          nothing is changed.
  void update(std::size_t command, std::size_t argument, const KernelArgument& value) const;
  /// The same with the parameter's name.
  void update(std::size_t command, std::string_view parameter, const KernelArgument& value) const;

  /// `command_buffer` or `launch_list`.
  ReplayMethod method() const noexcept;
  const Stream& stream() const;

 private:
  friend class Capture;
  explicit Recording(std::shared_ptr<detail::RecordingState> state);
  /// @throws InvalidArgument  the handle was moved from.
  detail::RecordingState& state(std::string_view function) const;
  std::shared_ptr<detail::RecordingState> state_;
};

/// Captures what a stream is given, from any thread and layer, instead of running it.
///
///     Capture capture(stream);
///     Tensor y = relu(stream, x);
///     scale.launch(stream, range, y, 2.0f);
///     const Recording recording = capture.end();
///     recording.replay();
///
/// What can be captured: kernels, operations that are made of them, fills and copies on the device.
/// What cannot throws a CaptureError: vendor libraries, with_queue, transfers to the host, events,
/// host waits. Raw commands on `Stream::get()` are not captured: they run at once.
///
/// A second stream takes part once it waits for one that does (`other.wait(stream)`), and must be
/// joined again before the end: by `stream.wait(other)`, or by work on `stream` that uses the
/// memory that `other` was given. Within the capture streams are ordered by memory as ever.
///
/// Until the first replay the captured results do not exist: what reads them outside the capture
/// throws a CaptureError. Ends without `end()` as if nothing had been given.
class DOVETAIL_EXPORT Capture {
 public:
  /// @throws CaptureError     `stream` captures already.
  /// @throws InvalidArgument  the method is `command_buffer`, and the device has none that works.
  [[nodiscard]] explicit Capture(const Stream& stream, const RecordingOptions& options = {});
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// @throws CaptureError  a stream that took part was not joined, or `end` was called before; what
  ///                       was captured is discarded.
  [[nodiscard]] Recording end();

 private:
  Stream stream_;
  ReplayMethod method_;
  std::shared_ptr<detail::CaptureSession> session_;
};

}  // namespace dovetail
