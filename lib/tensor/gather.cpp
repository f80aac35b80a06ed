// SPDX-License-Identifier: Apache-2.0
#include "lib/tensor/gather.hpp"

#include <array>
#include <cstring>
#include <span>

namespace dovetail::detail {
namespace {

/// Copies the elements of the innermost dimension, whose first lies at `from`. Returns the end.
template <std::size_t nbytes>
std::byte* gather_row(const std::byte* from, std::int64_t count, std::int64_t stride,
                      std::byte* to) {
  if (stride == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * nbytes);
    return to + static_cast<std::size_t>(count) * nbytes;
  }
  constexpr auto element = static_cast<std::ptrdiff_t>(nbytes);
  for (std::int64_t i = 0; i < count; ++i, to += element) {
    std::memcpy(to, from + i * stride * element, nbytes);
  }
  return to;
}

template <std::size_t nbytes>
void gather_rows(const std::byte* storage, const Layout& layout, std::byte* to) {
  const std::size_t inner = layout.rank() - 1;
  const auto strides = layout.strides();
  std::array<std::int64_t, Shape::max_rank> index{};
  std::int64_t offset = layout.offset();
  for (std::int64_t left = layout.size() / layout.shape()[inner]; left > 0; --left) {
    to = gather_row<nbytes>(storage + offset * static_cast<std::ptrdiff_t>(nbytes),
                            layout.shape()[inner], strides[inner], to);
    for (std::size_t axis = inner; axis-- > 0;) {
      offset += strides[axis];
      if (++index[axis] < layout.shape()[axis]) break;
      offset -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

void gather(const std::byte* storage, const Layout& layout, std::size_t element_nbytes,
            std::byte* to) {
  if (layout.size() == 0) return;
  const Layout rows = collapse(std::span(&layout, 1)).front();
  switch (element_nbytes) {
    case 1:
      return gather_rows<1>(storage, rows, to);
    case 2:
      return gather_rows<2>(storage, rows, to);
    case 4:
      return gather_rows<4>(storage, rows, to);
    default:
      return gather_rows<8>(storage, rows, to);
  }
}

}  // namespace dovetail::detail
