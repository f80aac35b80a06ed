// SPDX-License-Identifier: Apache-2.0
// Arithmetic of work-groups and blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace dovetail::detail {

/// Rounds `size` up to a multiple of `to`.
constexpr std::size_t round_up(std::size_t size, std::size_t to) {
  return (size + to - 1) / to * to;
}

/// Returns how many blocks cover `size`, which is not 0.
template <typename Size = std::uint32_t>
constexpr Size blocks(std::type_identity_t<Size> size, std::type_identity_t<Size> block) {
  return (size - 1) / block + 1;
}

}  // namespace dovetail::detail
