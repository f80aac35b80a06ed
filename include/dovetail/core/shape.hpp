// SPDX-License-Identifier: Apache-2.0
// The sizes of tensors and fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// The sizes of up to 8 dimensions, outermost first; 0 is allowed. `Shape{}` is a scalar's.
class DOVETAIL_EXPORT Shape {
 public:
  static constexpr std::size_t max_rank = 8;

  Shape() = default;
  /// Makes a shape of these sizes.
  /// @throws InvalidArgument  a size is negative, there are more than 8, or their product exceeds
  ///                          63 bits.
  Shape(std::initializer_list<std::int64_t> sizes);
  /// Makes a shape of these sizes.
  /// @throws InvalidArgument  a size is negative, there are more than 8, or their product exceeds
  ///                          63 bits.
  explicit Shape(std::span<const std::int64_t> sizes);

  std::size_t rank() const noexcept { return rank_; }  ///< Returns the number of dimensions.
  /// Returns the number of elements, the product of the sizes.
  std::int64_t size() const noexcept;
  /// Returns the size of dimension `axis`, which must be below `rank()`.
  std::int64_t operator[](std::size_t axis) const noexcept { return sizes_[axis]; }
  /// Returns the sizes, outermost first.
  std::span<const std::int64_t> sizes() const noexcept { return {sizes_.data(), rank_}; }

  std::string str() const;  ///< Returns text such as "[64, 32]".

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, max_rank> sizes_{};
  std::size_t rank_ = 0;
};

}  // namespace dovetail
