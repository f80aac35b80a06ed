// SPDX-License-Identifier: Apache-2.0
// Kernels, and their launch with typed arguments.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/runtime/nd_range.hpp"
#include "dovetail/runtime/program.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {
struct KernelState;
}

/// A copyable handle to a kernel of a program.
///
/// Thread-safe: each launch sets the arguments of a cl_kernel that no other thread holds.
///
/// After a move, `max_work_group_size()` is 0, and every other use throws InvalidArgument.
class DOVETAIL_EXPORT Kernel {
 public:
  /// Looks up a kernel.
  /// @throws InvalidArgument  the program has no kernel `name`; the text lists its kernels.
  Kernel(const Program& program, std::string_view name);

  /// Enqueues one run of the kernel on `stream`, by default the thread's current one, and returns
  /// before it runs.
  /// @param range  The index space.
  /// @param args   One for each parameter, in order; KernelArgument says what fits.
  /// @throws InvalidArgument  the arguments differ from the kernel's signature in count or kind,
  ///                          or, where OpenCL C has a name for the parameter's type, in size or
  ///                          elements; a buffer or tensor was moved from; a buffer or the stream
  ///                          belongs to another context; the device cannot number so many
  ///                          work-items; the group is larger than the device or the kernel takes,
  ///                          or not the one that the kernel requires; local memory is too small.
  ///                          Nothing is enqueued.
  /// @throws OpenCLError      the driver fails to launch it.
  /// @{
  template <typename... Args>
  requires(!std::convertible_to<const Args&, std::span<const KernelArgument>> &&
           ...) void launch(const Stream& stream, const NDRange& range, const Args&... args) const {
    const std::array<KernelArgument, sizeof...(Args)> arguments{KernelArgument(args)...};
    launch(stream, range, std::span<const KernelArgument>(arguments));
  }
  template <typename... Args>
  void launch(const NDRange& range, const Args&... args) const {
    launch(current_stream(), range, args...);
  }
  /// @}

  /// Enqueues one run with a list of arguments that is known only at run time; `launch(range,
  /// list)` takes the current stream. Checks and throws what the other forms do.
  void launch(const Stream& stream, const NDRange& range,
              std::span<const KernelArgument> arguments) const;

  const std::string& name() const;  ///< Returns the kernel's name.
  /// Returns the parameters; empty if the driver does not report them, see Program::from_binary.
  const std::vector<KernelParameter>& parameters() const;
  /// Returns the most work-items of a group, given the registers that the kernel uses.
  std::size_t max_work_group_size() const noexcept;

 private:
  /// @throws InvalidArgument  the handle was moved from.
  const std::shared_ptr<detail::KernelState>& state(std::string_view function) const;
  std::shared_ptr<detail::KernelState> state_;
};

}  // namespace dovetail
