// SPDX-License-Identifier: Apache-2.0
#include "lib/tensor/gather.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace dovetail::detail {
namespace {

/// Copies the elements of the innermost dimension, whose first lies at `from`. Returns the end.
template <typename Word>
std::byte* gather_row(const std::byte* from, std::int64_t count, std::int64_t stride,
                      std::byte* to) {
  constexpr auto nbytes = static_cast<std::int64_t>(sizeof(Word));
  if (stride == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(Word));
    return to + count * nbytes;
  }
  for (std::int64_t i = 0; i < count; ++i, to += nbytes) {
    std::memcpy(to, from + i * stride * nbytes, sizeof(Word));
  }
  return to;
}

template <typename Word>
void gather_rows(const std::byte* storage, const Layout& layout, std::byte* to) {
  const std::size_t inner = layout.rank() - 1;
  const auto strides = layout.strides();
  std::array<std::int64_t, Shape::max_rank> index{};
  std::int64_t offset = layout.offset();
  for (std::int64_t left = layout.size() / layout.shape()[inner]; left > 0; --left) {
    to = gather_row<Word>(storage + offset * static_cast<std::int64_t>(sizeof(Word)),
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
      return gather_rows<std::uint8_t>(storage, rows, to);
    case 2:
      return gather_rows<std::uint16_t>(storage, rows, to);
    case 4:
      return gather_rows<std::uint32_t>(storage, rows, to);
    default:
      return gather_rows<std::uint64_t>(storage, rows, to);
  }
}

}  // namespace dovetail::detail
