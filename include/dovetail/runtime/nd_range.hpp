// SPDX-License-Identifier: Apache-2.0
// The index space of a launch.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include "dovetail/core/export.hpp"
#include "dovetail/core/shape.hpp"

namespace dovetail {

/// Work-items in 1 to 3 dimensions, and their groups.
///
///     NDRange({1024})             the launch chooses the group
///     NDRange({1024, 64}, {16, 4})
///
/// Without a group, a launch takes the kernel's `reqd_work_group_size` if it declares one; else a
/// group of about 256 work-items that divides the range, along the first dimension as far as
/// possible. The same range, kernel and device give the same group. If only 1 divides the range, as
/// with a large prime, the driver chooses, and may run items one by one: round such sizes up and
/// guard in the kernel. See docs/design/0010-work-group-size.md.
class DOVETAIL_EXPORT NDRange {
 public:
  /// Makes an index space.
  /// @param global  Work-items in each dimension.
  /// @param local   Work-items of a group in each dimension; empty: the launch chooses.
  /// @throws InvalidArgument  there is no dimension or more than 3; the numbers of dimensions
  ///                          differ; a size is 0; a group does not divide its dimension; there are
  ///                          more work-items than 64 bits count.
  NDRange(std::initializer_list<std::size_t> global, std::initializer_list<std::size_t> local = {});

  /// Does not exist: write NDRange({16}, {4}), as {{16}, {4}} would be taken for two sizes.
  NDRange(std::initializer_list<std::initializer_list<std::size_t>>) = delete;

  /// Makes the index space of a work-item for each element: dimension i has `shape[i]` work-items.
  /// @throws InvalidArgument  the shape has no dimension or more than 3, or no element.
  [[nodiscard]] static NDRange of(const Shape& shape);

  unsigned dimensions() const noexcept { return dimensions_; }  ///< Returns 1, 2 or 3.
  /// Returns the work-items in each dimension.
  const std::size_t* global() const noexcept { return global_.data(); }
  /// Returns the work-items of a group in each dimension; null if the launch chooses.
  const std::size_t* local() const noexcept { return has_local_ ? local_.data() : nullptr; }

  std::string str() const;  ///< Returns text such as "global [1024, 64] local [16, 4]".

 private:
  NDRange(std::span<const std::size_t> global, std::span<const std::size_t> local);

  std::array<std::size_t, 3> global_{1, 1, 1};
  std::array<std::size_t, 3> local_{1, 1, 1};
  unsigned dimensions_;
  bool has_local_;
};

}  // namespace dovetail
