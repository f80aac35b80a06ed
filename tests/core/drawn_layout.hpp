// SPDX-License-Identifier: Apache-2.0
// Layouts as views make them, and the plain lists of element positions they stand for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "dovetail/core/layout.hpp"

namespace dovetail::test {

using Indices = std::vector<std::int64_t>;
using Places = std::vector<std::int64_t>;

/// Calls `visit` with each index of `shape` in row-major order.
template <typename Visit>
void for_each_index(const Shape& shape, const Visit& visit) {
  Indices index(shape.rank(), 0);
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    visit(index);
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

inline std::int64_t place(const Layout& layout, const Indices& index) {
  std::int64_t place = layout.offset();
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    place += index[axis] * layout.strides()[axis];
  }
  return place;
}

inline Places places(const Layout& layout) {
  Places all;
  for_each_index(layout.shape(),
                 [&](const Indices& index) { all.push_back(place(layout, index)); });
  return all;
}

/// Draws layouts as views make them: random chains of all operations on a row-major one.
class DrawnLayout : public testing::TestWithParam<unsigned> {
 protected:
  std::int64_t draw(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  std::optional<std::int64_t> draw_bound(std::int64_t size) {
    if (draw(0, 3) == 0) return std::nullopt;
    return draw(-size - 2, size + 2);
  }
  std::int64_t draw_step() { return (draw(0, 1) == 0 ? 1 : -1) * draw(1, 3); }

  Shape draw_shape() {
    Indices sizes(static_cast<std::size_t>(draw(0, 5)));
    for (auto& size : sizes) size = draw(0, 9) == 0 ? 0 : draw(1, 4);
    return Shape(sizes);
  }
  std::vector<int> draw_axes(std::size_t rank) {
    std::vector<int> axes(rank);
    for (std::size_t i = 0; i < rank; ++i) axes[i] = static_cast<int>(i);
    std::ranges::shuffle(axes, random_);
    return axes;
  }
  Layout draw_layout() {
    Layout layout(draw_shape());
    for (std::int64_t steps = draw(0, 4); steps > 0 && layout.rank() > 0; --steps) {
      const int axis = static_cast<int>(draw(0, static_cast<std::int64_t>(layout.rank()) - 1));
      const std::int64_t size = layout.shape()[static_cast<std::size_t>(axis)];
      switch (draw(0, 4)) {
        case 0:
          layout = layout.permute(draw_axes(layout.rank()));
          break;
        case 1:
          layout = layout.slice(axis, draw_bound(size), draw_bound(size), draw_step());
          break;
        case 2:
          layout = layout.flip(axis);
          break;
        case 3:
          if (layout.rank() < 7) layout = layout.expand_dims(axis);
          break;
        default:
          layout = layout.broadcast_to(grown(layout.shape()));
      }
    }
    return layout;
  }
  /// Returns a random shape that `shape` can be broadcast to.
  Shape grown(const Shape& shape) {
    Indices sizes(shape.sizes().begin(), shape.sizes().end());
    for (auto& size : sizes) {
      if (size == 1) size = draw(0, 3);
    }
    if (sizes.size() < 6 && draw(0, 1) == 0) sizes.insert(sizes.begin(), draw(1, 3));
    return Shape(sizes);
  }

  std::mt19937 random_{GetParam()};
};

}  // namespace dovetail::test
