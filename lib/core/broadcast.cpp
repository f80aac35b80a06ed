// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/core/layout.hpp"

namespace dovetail {

Shape broadcast(std::string_view function, const Shape& a, const Shape& b) {
  const Shape& longer = a.rank() < b.rank() ? b : a;
  const Shape& shorter = a.rank() < b.rank() ? a : b;
  const std::size_t added = longer.rank() - shorter.rank();
  std::vector<std::int64_t> sizes(longer.sizes().begin(), longer.sizes().end());
  for (std::size_t axis = 0; axis < shorter.rank(); ++axis) {
    std::int64_t& size = sizes[added + axis];
    if (size == 1) {
      size = shorter[axis];
    } else if (shorter[axis] != 1 && shorter[axis] != size) {
      throw InvalidArgument(fmt::format(
          "[{}] a {} and b {}: sizes {} and {} of dimension {} differ, and neither is 1.", function,
          a.str(), b.str(), a[a.rank() - shorter.rank() + axis],
          b[b.rank() - shorter.rank() + axis],
          static_cast<std::int64_t>(axis) - static_cast<std::int64_t>(shorter.rank())));
    }
  }
  return Shape(sizes);
}

}  // namespace dovetail
