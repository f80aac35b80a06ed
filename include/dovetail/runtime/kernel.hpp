// SPDX-License-Identifier: Apache-2.0
// Kernels, launched with typed arguments.
#pragma once

#include <array>
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
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {
struct KernelState;
}

/// A kernel of a program: a copyable handle.
///
/// Thread-safe, launches included: each launch sets the arguments of a cl_kernel that no other
/// thread holds.
///
/// A handle that was moved from returns 0 from `max_work_group_size()`; whatever else it is asked
/// for, or given to, throws InvalidArgument.
class DOVETAIL_EXPORT Kernel {
 public:
  /// @throws InvalidArgument  the program has no kernel `name`; lists those it has.
  Kernel(const Program& program, std::string_view name);

  /// Appends one run of the kernel to `stream` and returns before it runs.
  ///
  /// @param range  The index space.
  /// @param args   One for each parameter, in order; see KernelArgument for what fits.
  /// @throws InvalidArgument  the arguments differ from the kernel's signature in count, kind or,
  ///                          where the parameter's type is one of OpenCL C's own names, size or
  ///                          elements; the device cannot number so many work-items; a
  ///                          buffer or the stream belongs to another context; a buffer or
  ///                          tensor was moved from; the group is larger than the device or the
  ///                          kernel takes, or is not the one that the kernel requires; there is
  ///                          too little local memory. Nothing was enqueued.
  /// @throws OpenCLError      the driver refuses the launch.
  template <typename... Args>
  void launch(const Stream& stream, const NDRange& range, const Args&... args) const {
    const std::array<KernelArgument, sizeof...(Args)> arguments{KernelArgument(args)...};
    enqueue(stream, range, arguments);
  }

  /// `launch` with a list of arguments that is known at run time only.
  void enqueue(const Stream& stream, const NDRange& range,
               std::span<const KernelArgument> arguments) const;

  const std::string& name() const;
  /// Empty when the driver does not tell; see Program::from_binary.
  const std::vector<KernelParameter>& parameters() const;
  /// Work-items that one group may have at most, given the kernel's use of registers.
  std::size_t max_work_group_size() const noexcept;

 private:
  /// @throws InvalidArgument  the handle was moved from.
  const std::shared_ptr<detail::KernelState>& state(std::string_view function) const;
  std::shared_ptr<detail::KernelState> state_;
};

}  // namespace dovetail
