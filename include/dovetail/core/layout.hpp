// SPDX-License-Identifier: Apache-2.0
// Where the elements of a view lie in memory: shape, strides and offset, and their algebra.
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

/// Maps indices to places in memory: the element at index (i0, i1, ...) lies at
/// offset + i0 * strides[0] + i1 * strides[1] + ... elements from where the storage begins.
///
/// A stride may be negative, as after `flip`, or 0, as after `broadcast_to`. The functions that
/// return another layout describe the same memory and copy nothing. A value type without OpenCL.
class DOVETAIL_EXPORT Layout {
 public:
  using Strides = std::array<std::int64_t, Shape::max_rank>;

  /// A scalar at offset 0.
  Layout() = default;
  /// Row-major, without gaps, from offset 0 on.
  explicit Layout(const Shape& shape) noexcept;
  /// @param strides  In elements, one for each dimension; a layout without elements has those of a
  ///                 row-major one instead.
  /// @param offset   In elements, from where the storage begins.
  /// @throws InvalidArgument  the number of strides is not the shape's rank; an element would lie
  ///                          before the storage, or further than 63 bits count.
  Layout(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset);

  const Shape& shape() const noexcept { return shape_; }
  std::span<const std::int64_t> strides() const noexcept { return {strides_.data(), rank()}; }
  std::int64_t offset() const noexcept { return offset_; }
  std::size_t rank() const noexcept { return shape_.rank(); }
  /// Number of indices; where a stride is 0, more than elements in memory.
  std::int64_t size() const noexcept { return shape_.size(); }

  /// Whether the elements follow each other in row-major order without gaps. Strides of dimensions
  /// of size 1 do not count, and a layout without elements is contiguous.
  bool is_contiguous() const noexcept;
  /// Whether two indices may name one element: false proves that they do not. Kernels must not
  /// write to such a layout.
  bool may_overlap_itself() const;

  /// The elements from `begin` on and before `end`, which hold all that the layout reaches.
  struct Range {
    std::int64_t begin = 0, end = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  /// Returns an empty range for a layout without elements.
  Range range() const noexcept;

  /// Returns the layout seen in a larger shape: dimensions of size 1 grow, and new ones come first,
  /// with stride 0, as the Python array API standard's `broadcast_to` has it.
  /// @throws InvalidArgument  another size would have to grow, or the rank would shrink.
  Layout broadcast_to(const Shape& shape) const;

  /// Returns the layout with its dimensions in another order: dimension i of the result is
  /// dimension `axes[i]`; a negative axis counts from the end.
  /// @throws InvalidArgument  `axes` does not name each dimension once.
  Layout permute(std::span<const int> axes) const;

  /// Returns every `step`-th index of dimension `axis` from `start` on and before `stop`, by
  /// Python's rules for slices: negative bounds count from the end, bounds beyond the ends are
  /// clipped, and a negative step goes backwards.
  /// @param start  Default: the first index, or the last for a negative step.
  /// @param stop   Default: behind the last index, or before the first for a negative step.
  /// @throws InvalidArgument  no such axis, or a step of 0.
  Layout slice(int axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
               std::int64_t step = 1) const;

  /// Returns the layout with dimension `axis` in the reverse order.
  /// @throws InvalidArgument  no such axis.
  Layout flip(int axis) const;

  /// Returns the layout with a dimension of size 1 put in before dimension `axis`; `rank()`, or -1,
  /// puts it last.
  /// @throws InvalidArgument  no such place, or 8 dimensions already.
  Layout expand_dims(int axis) const;

  /// Returns the layout without dimension `axis`.
  /// @throws InvalidArgument  no such axis, or its size is not 1.
  Layout squeeze(int axis) const;

  /// Returns the layout of the elements, in their row-major order, under another shape; nothing
  /// where strides cannot express that, so that the elements have to be copied.
  /// @throws InvalidArgument  the number of elements differs.
  std::optional<Layout> reshape(const Shape& shape) const;

  /// Such as "[2, 3] strides [3, 1] offset 0".
  std::string str() const;

  friend bool operator==(const Layout&, const Layout&) = default;

 private:
  Shape shape_;
  Strides strides_{};
  std::int64_t offset_ = 0;
};

/// Returns the shape that both have in common by broadcasting, as NumPy and the Python array API
/// standard define it: sizes are compared from the innermost on, and a size of 1 gives way.
/// @param function  For the text, such as "add".
/// @throws InvalidArgument  two sizes differ, and neither is 1; the text gives both shapes.
DOVETAIL_EXPORT Shape broadcast(std::string_view function, const Shape& a, const Shape& b);

/// Layouts of one shape with as few dimensions as possible: those of size 1 are left out, and each
/// two neighbours that all operands step through as through one become one. The order of the
/// elements stays. The result has at least one dimension.
/// @param operands  At least one, all of one shape.
[[nodiscard]] DOVETAIL_EXPORT std::vector<Layout> collapse(std::span<const Layout> operands);

}  // namespace dovetail
