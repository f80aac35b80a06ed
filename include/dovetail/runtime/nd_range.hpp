// SPDX-License-Identifier: Apache-2.0
// The index space of a launch.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// Work-items in 1 to 3 dimensions, and how they are grouped.
///
///     NDRange({1024})             the driver chooses the work-group
///     NDRange({1024, 64}, {16, 4})
class DOVETAIL_EXPORT NDRange {
 public:
  /// @param global  Work-items in each dimension.
  /// @param local   Work-items of a group in each dimension; empty: the driver chooses.
  /// @throws InvalidArgument  no dimension or more than 3; different numbers of dimensions; a size
  ///                          of 0; a group that does not divide its dimension.
  NDRange(std::initializer_list<std::size_t> global, std::initializer_list<std::size_t> local = {});

  unsigned dimensions() const noexcept { return dimensions_; }
  const std::size_t* global() const noexcept { return global_.data(); }
  /// Null when the driver chooses.
  const std::size_t* local() const noexcept { return has_local_ ? local_.data() : nullptr; }

  /// Such as "global [1024, 64] local [16, 4]".
  std::string str() const;

 private:
  std::array<std::size_t, 3> global_{1, 1, 1};
  std::array<std::size_t, 3> local_{1, 1, 1};
  unsigned dimensions_;
  bool has_local_;
};

}  // namespace dovetail
