// SPDX-License-Identifier: Apache-2.0
// Elements that lie anywhere in host memory, one after the other.
#pragma once

#include <cstddef>

#include "dovetail/core/layout.hpp"

namespace dovetail::detail {

/// Copies the elements of `layout` in row-major order from `storage` to `to`.
/// @param element_nbytes  Bytes of one element: 1, 2, 4 or 8.
void gather(const std::byte* storage, const Layout& layout, std::size_t element_nbytes,
            std::byte* to);

}  // namespace dovetail::detail
