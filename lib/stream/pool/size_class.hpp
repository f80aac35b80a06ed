// SPDX-License-Identifier: Apache-2.0
// The sizes that blocks of memory come in.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

namespace dovetail::detail {

/// The smallest class that holds `nbytes`: 8 for each power of two, as in jemalloc, but not below
/// 512 bytes, and with steps of 2 MiB at most. At most 2^63.
constexpr std::size_t size_class(std::size_t nbytes) noexcept {
  constexpr std::size_t smallest = 512, largest_step = std::size_t{2} << 20;
  if (nbytes <= smallest) return smallest;
  const std::size_t step = std::min(std::bit_floor(nbytes - 1) / 8, largest_step);
  return (nbytes + step - 1) / step * step;
}

static_assert(size_class(1) == 512 && size_class(512) == 512 && size_class(513) == 576);
static_assert(size_class(1024) == 1024 && size_class(1025) == 1152);
static_assert(size_class(15 << 20) == 15 << 20 && size_class((15 << 20) + 1) == 16 << 20);
static_assert(size_class((100 << 20) + 1) == 102 << 20);

}  // namespace dovetail::detail
