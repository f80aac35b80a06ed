// SPDX-License-Identifier: Apache-2.0
// What a device takes in one work-group of a kernel.
#pragma once

#include <CL/cl.h>

#include <array>
#include <cstddef>
#include <limits>
#include <string>

#include "dovetail/core/device.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/runtime/nd_range.hpp"

namespace dovetail::detail {

/// Read once for each kernel, so that a launch asks OpenCL for nothing.
struct LaunchLimits {
  std::size_t items = 0;               ///< Work-items of a group in all, for this kernel.
  std::array<std::size_t, 3> sizes{};  ///< The device's, in each dimension.
  std::array<std::size_t, 3>
      required{};                       ///< What the kernel declares as reqd_work_group_size, or 0.
  std::size_t static_local_nbytes = 0;  ///< Local memory that the kernel declares inside.
  std::size_t local_nbytes = 0;         ///< Local memory that the device has for a group.
  /// Work-items in one dimension: as many as the device's size_t counts.
  std::size_t largest_global = std::numeric_limits<std::size_t>::max();

  /// @param kernel  Without arguments yet: those add to the local memory that OpenCL tells.
  static LaunchLimits of(cl_kernel kernel, const Device& device);

  bool has_required() const noexcept { return required[0] != 0; }
};

[[noreturn]] DOVETAIL_EXPORT void throw_too_many_items(const std::string& kernel,
                                                       const NDRange& range, unsigned dimension,
                                                       const LaunchLimits& limits);

/// @param kernel  Its name.
/// @throws InvalidArgument  the device cannot number so many work-items in a dimension.
inline void check_global(const std::string& kernel, const NDRange& range,
                         const LaunchLimits& limits) {
  for (unsigned i = 0; i < range.dimensions(); ++i) {
    if (range.global()[i] > limits.largest_global) [[unlikely]]
      throw_too_many_items(kernel, range, i, limits);
  }
}

/// @throws InvalidArgument  no group of `range` can run: it has too many work-items, in all or in a
///                          dimension, or is not what the kernel requires.
void check_group(const std::string& kernel, const NDRange& range, const LaunchLimits& limits);

/// @param nbytes  Of the launch's arguments in local memory together.
/// @throws InvalidArgument  with what the kernel declares inside, that is more than there is.
DOVETAIL_EXPORT void check_local_memory(const std::string& kernel, std::size_t nbytes,
                                        const LaunchLimits& limits);

}  // namespace dovetail::detail
