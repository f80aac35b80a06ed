// SPDX-License-Identifier: Apache-2.0
// The places of a view's elements in memory: shape, strides and offset, and their algebra.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/core/shape.hpp"

namespace dovetail {

/// Maps indices to places in memory: the element at index (i0, i1, ...) lies at offset + i0 *
/// strides[0] + i1 * strides[1] + ... elements after the start of the storage.
///
/// `flip` gives negative strides, `broadcast_to` strides of 0. Functions that return another layout
/// describe the same memory and copy nothing. A value type without OpenCL.
class DOVETAIL_EXPORT Layout {
 public:
  using Strides = std::array<std::int64_t, Shape::max_rank>;  ///< In elements.

  Layout() = default;  ///< Makes a scalar at offset 0.
  /// Makes a row-major layout without gaps at offset 0.
  explicit Layout(const Shape& shape) noexcept;
  /// Makes a layout of any strides.
  /// @param strides  In elements, one for each dimension. Ignored if the shape has no elements,
  ///                 whose layout is row-major.
  /// @param offset   In elements, from the start of the storage.
  /// @throws InvalidArgument  the number of strides is not the shape's rank, or an element lies
  ///                          before the storage or further than 63 bits count.
  Layout(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset);

  const Shape& shape() const noexcept { return shape_; }  ///< Returns the sizes.
  /// Returns the strides in elements.
  std::span<const std::int64_t> strides() const noexcept { return {strides_.data(), rank()}; }
  std::int64_t offset() const noexcept { return offset_; }     ///< Returns the offset in elements.
  std::size_t rank() const noexcept { return shape_.rank(); }  ///< Returns the rank.
  /// Returns the number of indices, which exceeds that of elements in memory if a stride is 0.
  std::int64_t size() const noexcept { return shape_.size(); }

  /// Returns whether the elements follow each other in row-major order without gaps. Ignores
  /// strides of dimensions of size 1; a layout without elements is contiguous.
  bool is_contiguous() const noexcept;
  /// Returns whether two indices may name one element; false proves that none do. Kernels must not
  /// write to a layout that may overlap itself.
  bool may_overlap_itself() const;

  /// The elements from `begin` to before `end`, which hold everything that a layout reaches.
  struct Range {
    std::int64_t begin = 0, end = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  /// Returns the range that the layout reaches; an empty one if it has no elements.
  Range range() const noexcept;

  /// Returns the layout in a larger shape, as the Python array API standard's `broadcast_to`:
  /// repeats dimensions of size 1 and adds dimensions in front, all with stride 0.
  /// @throws InvalidArgument  a size other than 1 would change, or the rank would shrink.
  Layout broadcast_to(const Shape& shape) const;

  /// Returns the layout with its dimensions in another order: dimension i of the result is
  /// dimension `axes[i]`. A negative axis counts from the end.
  /// @throws InvalidArgument  `axes` does not name each dimension once.
  Layout permute(std::span<const int> axes) const;

  /// Returns every `step`-th index of dimension `axis` from `start` to before `stop`, by Python's
  /// rules for slices: negative bounds count from the end, bounds beyond the ends are clipped, and
  /// a negative step goes backwards.
  /// @param start  Default: the first index, or the last if `step` is negative.
  /// @param stop   Default: one past the last index, or before the first if `step` is negative.
  /// @throws InvalidArgument  there is no such axis, or `step` is 0.
  Layout slice(int axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
               std::int64_t step = 1) const;

  /// Returns the layout with dimension `axis` reversed.
  /// @throws InvalidArgument  there is no such axis.
  Layout flip(int axis) const;

  /// Returns the layout of index `index` of dimension `axis`, without that dimension. A negative
  /// index counts from the end.
  /// @throws InvalidArgument  there is no such axis or index.
  Layout select(int axis, std::int64_t index) const;

  /// Returns the layout with a new dimension of size 1 before `axis`; at the end for `rank()` or
  /// -1.
  /// @throws InvalidArgument  there is no such place, or the layout has 8 dimensions already.
  Layout expand_dims(int axis) const;

  /// Returns the layout without dimension `axis`.
  /// @throws InvalidArgument  there is no such axis, or its size is not 1.
  Layout squeeze(int axis) const;

  /// Returns the layout of the elements, in row-major order, in another shape. Returns nothing if
  /// strides cannot express it, so that the elements have to be copied.
  /// @throws InvalidArgument  the number of elements differs.
  std::optional<Layout> reshape(const Shape& shape) const;

  std::string str() const;  ///< Returns text such as "[2, 3] strides [3, 1] offset 0".

  friend bool operator==(const Layout&, const Layout&) = default;

 private:
  Shape shape_;
  Strides strides_{};
  std::int64_t offset_ = 0;
};

/// Returns the common shape of two operands, as NumPy and the Python array API standard define it:
/// compares sizes from the innermost on, and repeats those of size 1.
/// @param function  The name for the error's text, such as "add".
/// @throws InvalidArgument  two sizes differ and neither is 1; the text gives both shapes.
DOVETAIL_EXPORT Shape broadcast(std::string_view function, const Shape& a, const Shape& b);

/// Returns layouts of one shape with as few dimensions as possible, and at least one. Drops
/// dimensions of size 1, and merges neighbours that every operand steps through as through one
/// dimension. Keeps the order of the elements.
/// @param operands  At least one, all of one shape.
[[nodiscard]] DOVETAIL_EXPORT std::vector<Layout> collapse(std::span<const Layout> operands);

}  // namespace dovetail
