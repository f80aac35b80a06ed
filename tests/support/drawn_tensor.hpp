// SPDX-License-Identifier: Apache-2.0
// Tensors of one shape whose elements lie in random order and distance.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail::test {

inline std::int64_t draw(std::mt19937& random, std::int64_t least, std::int64_t most) {
  return std::uniform_int_distribution<std::int64_t>(least, most)(random);
}

/// Returns a shape of up to 5 dimensions with some of size 1 and seldom one of size 0.
inline Shape draw_shape(std::mt19937& random) {
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(draw(random, 0, 5)));
  for (auto& size : sizes) size = draw(random, 0, 19) == 0 ? 0 : draw(random, 1, 5);
  // Often one that spans several vectors, and of few dimensions often two, which make a tile.
  for (int large = sizes.size() > 3 ? 1 : 2; large > 0 && !sizes.empty(); --large) {
    if (draw(random, 0, 2) == 0) continue;
    sizes[static_cast<std::size_t>(draw(random, 0, std::ssize(sizes) - 1))] = draw(random, 16, 70);
  }
  return Shape(sizes);
}

/// Returns a layout of that shape: any order of dimensions, gaps, an offset, negative strides.
/// @param repeats  Some strides are 0.
inline Layout draw_layout(std::mt19937& random, const Shape& shape, bool repeats) {
  std::vector<std::size_t> order(shape.rank());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (draw(random, 0, 2) != 0) std::ranges::reverse(order);  // row-major
  if (draw(random, 0, 2) == 0) std::ranges::shuffle(order, random);
  std::vector<std::int64_t> strides(shape.rank());
  std::int64_t stride = 1, offset = draw(random, 0, 3);
  for (const std::size_t axis : order) {
    if (repeats && draw(random, 0, 4) == 0) continue;
    if (draw(random, 0, 3) == 0) stride *= draw(random, 2, 3);
    strides[axis] = draw(random, 0, 3) == 0 ? -stride : stride;
    stride *= std::max<std::int64_t>(shape[axis], 1);
    if (strides[axis] < 0) offset += std::max<std::int64_t>(shape[axis] - 1, 0) * -strides[axis];
  }
  return {shape, strides, offset};
}

/// Calls `visit` with the place of each element in row-major order.
template <typename Visit>
void for_each_place(const Layout& layout, const Visit& visit, std::size_t axis = 0,
                    std::int64_t from = 0) {
  if (axis == layout.rank()) return visit(layout.offset() + from);
  for (std::int64_t i = 0; i < layout.shape()[axis]; ++i) {
    for_each_place(layout, visit, axis + 1, from + i * layout.strides()[axis]);
  }
}

/// Returns a tensor of that layout over a copy of the values.
template <typename T>
Tensor over(const std::vector<T>& values, const Layout& layout) {
  const Tensor memory = Tensor::from_host<T>(context(), values, {std::ssize(values)});
  return Tensor::from_buffer(memory.storage().buffer, layout, dtype_of<T>);
}

/// Returns a tensor of that layout over memory of its own, with room behind its last element.
template <typename T>
Tensor drawn_tensor(std::mt19937& random, const Layout& layout) {
  std::vector<T> values(static_cast<std::size_t>(layout.range().end) + 3);
  for (T& value : values) value = static_cast<T>(draw(random, -100, 100));
  return over(values, layout);
}

}  // namespace dovetail::test
