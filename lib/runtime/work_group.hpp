// SPDX-License-Identifier: Apache-2.0
// The work-group of a launch whose caller names none.
#pragma once

#include <array>
#include <cstddef>

#include "dovetail/core/export.hpp"
#include "dovetail/runtime/nd_range.hpp"
#include "lib/core/spin_lock.hpp"
#include "lib/runtime/launch_limits.hpp"

namespace dovetail::detail {

/// Work-items of a group in each dimension; all 0: the driver chooses.
using GroupSizes = std::array<std::size_t, 3>;

/// A group for a range that has none, the same for the same range, kernel and device.
///
/// What the kernel requires, if it requires something. Else each dimension gives the divisor that
/// comes first in this list, within what the kernel and the device take:
///  1. the largest from 64 to 256;
///  2. the smallest from 257 to 1024, unless a dimension before gave some;
///  3. the largest below 64.
/// The dimensions share the 256 and the 64: each one aims at what those before it left. Where the
/// group would be of one work-item, the choice is left to the driver.
/// Sizes that are multiples of 256 all give one group: a driver that compiles a kernel for each
/// size of group, as PoCL does, compiles once. Why: docs/design/0010-work-group-size.md.
DOVETAIL_EXPORT GroupSizes choose_group(const NDRange& range, const LaunchLimits& limits);

/// The last choice, kept: programs launch a kernel over one range in a row. Thread-safe.
class GroupChoice {
 public:
  DOVETAIL_EXPORT GroupSizes of(const NDRange& range, const LaunchLimits& limits);

 private:
  SpinLock lock_;
  std::array<std::size_t, 3> global_{};  // 0: none yet
  GroupSizes group_{};
};

}  // namespace dovetail::detail
