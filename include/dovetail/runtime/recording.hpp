// SPDX-License-Identifier: Apache-2.0
// Work that is captured once and replayed many times.
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

/// How a replay submits a recording. All methods mean the same.
enum class ReplayMethod : unsigned char {
  automatic,       ///< The fastest that has been measured for the device.
  command_buffer,  ///< cl_khr_command_buffer: the driver keeps the commands.
  launch_list,     ///< Enqueues each command, whose arguments are set already.
};

/// Returns "automatic", "command_buffer" or "launch_list".
DOVETAIL_EXPORT std::string_view to_string(ReplayMethod method) noexcept;

/// How to record.
struct RecordingOptions {
  ReplayMethod method = ReplayMethod::automatic;
};

/// A copyable handle to captured work that can be replayed any number of times.
///
/// Holds all memory that the work touches; its temporary memory is used for nothing else meanwhile.
/// Thread-safe: replays from several threads are submitted one after the other. With forks a replay
/// is several pieces of work, and other threads' work on its streams may come in between.
///
/// After a move, `size()` returns 0, `method()` returns `automatic`, and every other use of the
/// handle throws InvalidArgument.
class DOVETAIL_EXPORT Recording {
 public:
  /// A command; a replay submits them in their order.
  struct Command {
    std::string name;  ///< Such as "kernel 'scale'" or "fill".
    /// 0 for the stream that the capture began on; others in order of joining.
    std::size_t stream;
  };

  /// Submits the work to `stream`, after its earlier work and ordered by memory towards all other
  /// streams. Work of the capture's other streams runs there again. Does not block. After an
  /// exception nothing is submitted; if that can no longer be avoided, the streams that received a
  /// part enter the failed state.
  /// @throws InvalidArgument  `stream` belongs to another context.
  /// @throws CaptureError     `stream`, or a stream of the capture, is capturing; or the work reads
  ///                          results of an earlier capture that was never replayed.
  /// @throws CommandError     one of the streams, or work that this depends on, has failed.
  /// @throws OpenCLError      the driver fails to enqueue it.
  void replay(const Stream& stream) const;
  void replay() const;  ///< Submits the work to the stream that the capture began on.

  std::size_t size() const noexcept;      ///< Returns the number of commands.
  std::vector<Command> commands() const;  ///< Returns the commands in their order.
  /// Returns the position in `commands()` of the `nth` command of that name, counted from 0.
  /// @throws InvalidArgument  there are fewer; the text lists the commands.
  std::size_t find(std::string_view name, std::size_t nth = 0) const;

  /// Changes an argument of a kernel for later replays.
  /// @param command   The position in `commands()`.
  /// @param argument  The position among the kernel's parameters, from 0.
  /// @throws InvalidArgument  there is no such command or argument; the command is no kernel; the
  ///                          kernel cannot take the value; or another stream's command uses the
  ///                          memory and replays in another order than it was captured in. Nothing
  ///                          is changed.
  void update(std::size_t command, std::size_t argument, const KernelArgument& value) const;
  /// Changes the argument of the parameter with this name for later replays.
  /// @throws InvalidArgument  there is no such command or parameter; the command is no kernel; the
  ///                          kernel cannot take the value; or another stream's command uses the
  ///                          memory and replays in another order than it was captured in. Nothing
  ///                          is changed.
  void update(std::size_t command, std::string_view parameter, const KernelArgument& value) const;

  ReplayMethod method() const noexcept;  ///< Returns `command_buffer` or `launch_list`.
  const Stream& stream() const;          ///< Returns the stream that the capture began on.

 private:
  friend class Capture;
  explicit Recording(std::shared_ptr<detail::RecordingState> state);
  /// @throws InvalidArgument  the handle was moved from.
  detail::RecordingState& state(std::string_view function) const;
  std::shared_ptr<detail::RecordingState> state_;
};

/// Records the work on a stream, from any thread and layer, instead of running it.
///
///     Capture capture(stream);
///     Tensor y = relu(stream, x);
///     scale.launch(stream, range, y, 2.0f);
///     const Recording recording = capture.end();
///     recording.replay();
///
/// Kernels, operations made of kernels, and fills and copies on the device can be captured. Vendor
/// libraries, with_queue, transfers to the host, events and host waits throw CaptureError. Raw
/// commands on `Stream::get()` are not captured: they run at once.
///
/// A second stream takes part once it waits for one that does (`other.wait(stream)`). It must be
/// joined before the end: by `stream.wait(other)`, or by work on `stream` that uses the memory of
/// its work. Memory orders the streams of a capture as it orders any streams.
///
/// Captured results do not exist before the first replay: work outside the capture that reads them
/// throws CaptureError. A capture destroyed without `end()` discards its work.
class DOVETAIL_EXPORT Capture {
 public:
  /// Begins to capture.
  /// @throws CaptureError     `stream` is capturing already.
  /// @throws InvalidArgument  the method is `command_buffer`, and the device has none that works.
  [[nodiscard]] explicit Capture(const Stream& stream, const RecordingOptions& options = {});
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Ends the capture and returns its work.
  /// @throws CaptureError  a stream that took part was not joined, or `end` was called before; the
  ///                       captured work is discarded.
  [[nodiscard]] Recording end();

 private:
  Stream stream_;
  ReplayMethod method_;
  std::shared_ptr<detail::CaptureSession> session_;
};

}  // namespace dovetail
