// SPDX-License-Identifier: Apache-2.0
// Compares layouts with plain lists of element positions, to which each operation is applied too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/core/drawn_layout.hpp"

namespace dovetail {
namespace {

using test::DrawnLayout;
using test::for_each_index;
using test::Indices;
using test::place;
using test::Places;
using test::places;

/// Returns the indices of Python's `range(size)[start:stop:step]`.
Indices sliced(std::int64_t size, std::optional<std::int64_t> start,
               std::optional<std::int64_t> stop, std::int64_t step) {
  Indices all;
  const auto bound = [&](std::int64_t given) { return given < 0 ? given + size : given; };
  if (step > 0) {
    const std::int64_t first = std::max<std::int64_t>(start ? bound(*start) : 0, 0);
    const std::int64_t last = std::min(stop ? bound(*stop) : size, size);
    for (std::int64_t i = first; i < last; i += step) all.push_back(i);
  } else {
    const std::int64_t first = std::min(start ? bound(*start) : size - 1, size - 1);
    const std::int64_t last = std::max<std::int64_t>(stop ? bound(*stop) : -1, -1);
    for (std::int64_t i = first; i > last; i += step) all.push_back(i);
  }
  return all;
}

TEST_P(DrawnLayout, ReachesItsRangeAndNothingElse) {
  for (int i = 0; i < 200; ++i) {
    const Layout layout = draw_layout();
    SCOPED_TRACE(layout.str());
    const Places all = places(layout);
    if (all.empty()) {
      EXPECT_EQ(layout.range(), Layout::Range());
      continue;
    }
    const auto [least, most] = std::ranges::minmax(all);
    EXPECT_EQ(layout.range(), (Layout::Range{least, most + 1}));
  }
}

TEST_P(DrawnLayout, KnowsWhetherItIsContiguous) {
  for (int i = 0; i < 200; ++i) {
    const Layout layout = draw_layout();
    SCOPED_TRACE(layout.str());
    const Places all = places(layout);
    bool follow = true;
    for (std::size_t k = 1; k < all.size(); ++k) follow = follow && all[k] == all[k - 1] + 1;
    EXPECT_EQ(layout.is_contiguous(), follow);
  }
}

TEST_P(DrawnLayout, KnowsWhetherItOverlapsItself) {
  int found = 0;
  for (int i = 0; i < 200; ++i) {
    const Layout layout = draw_layout();
    SCOPED_TRACE(layout.str());
    const Places all = places(layout);
    const bool overlaps = std::set(all.begin(), all.end()).size() < all.size();
    EXPECT_EQ(layout.may_overlap_itself(), overlaps) << "exact for what views make";
    found += overlaps ? 1 : 0;
  }
  EXPECT_GT(found, 0);
}

TEST_P(DrawnLayout, PermutesItsDimensions) {
  for (int i = 0; i < 200; ++i) {
    const Layout layout = draw_layout();
    const auto axes = draw_axes(layout.rank());
    const Layout permuted = layout.permute(axes);
    SCOPED_TRACE(layout.str() + " to " + permuted.str());
    for_each_index(permuted.shape(), [&](const Indices& index) {
      Indices original(index.size());
      for (std::size_t k = 0; k < index.size(); ++k) {
        original[static_cast<std::size_t>(axes[k])] = index[k];
      }
      ASSERT_EQ(place(permuted, index), place(layout, original));
    });
  }
}

TEST_P(DrawnLayout, SlicesAsPythonDoes) {
  for (int i = 0; i < 400; ++i) {
    const Layout layout = draw_layout();
    if (layout.rank() == 0) continue;
    const auto axis =
        static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(layout.rank()) - 1));
    const std::int64_t size = layout.shape()[axis], step = draw_step();
    const auto start = draw_bound(size), stop = draw_bound(size);
    const Layout part = layout.slice(static_cast<int>(axis), start, stop, step);
    const Indices kept = sliced(size, start, stop, step);
    SCOPED_TRACE(layout.str() + " to " + part.str());
    ASSERT_EQ(part.shape()[axis], static_cast<std::int64_t>(kept.size()));
    for_each_index(part.shape(), [&](Indices index) {
      const std::int64_t there = place(part, index);
      index[axis] = kept[static_cast<std::size_t>(index[axis])];
      ASSERT_EQ(there, place(layout, index));
    });
  }
}

TEST_P(DrawnLayout, BroadcastRepeatsItsElements) {
  for (int i = 0; i < 200; ++i) {
    const Layout layout = draw_layout();
    const Layout large = layout.broadcast_to(grown(layout.shape()));
    SCOPED_TRACE(layout.str() + " to " + large.str());
    const std::size_t added = large.rank() - layout.rank();
    for_each_index(large.shape(), [&](const Indices& index) {
      Indices original(index.begin() + static_cast<std::ptrdiff_t>(added), index.end());
      for (std::size_t axis = 0; axis < original.size(); ++axis) {
        if (layout.shape()[axis] == 1) original[axis] = 0;
      }
      ASSERT_EQ(place(large, index), place(layout, original));
    });
  }
}

TEST_P(DrawnLayout, ReshapeKeepsTheOrderOfTheElementsOrSaysThatStridesCannot) {
  int expressed = 0, refused = 0;
  for (int i = 0; i < 600; ++i) {
    const Layout layout = draw_layout();
    // Visits each way to write the size as a product of up to three factors.
    Indices sizes;
    for (std::int64_t left = layout.size(); sizes.size() < 3;) {
      const std::int64_t size = draw(1, 6);
      if (left % size != 0) continue;
      sizes.push_back(sizes.size() == 2 ? left : size);
      left /= size;
    }
    const Shape shape(sizes);
    if (shape.size() != layout.size()) continue;
    const auto reshaped = layout.reshape(shape);
    SCOPED_TRACE(layout.str() + " to " + shape.str());
    const Places all = places(layout);
    if (reshaped) {
      EXPECT_EQ(reshaped->shape(), shape);
      EXPECT_EQ(places(*reshaped), all);
      ++expressed;
      continue;
    }
    ++refused;
    // The strides that the first elements require must fail for a later element.
    Indices strides(3, 0);
    std::int64_t next = 1;
    for (std::size_t axis = 3; axis-- > 0; next *= shape[axis]) {
      if (shape[axis] > 1) strides[axis] = all[static_cast<std::size_t>(next)] - all[0];
    }
    Places tried;
    for_each_index(shape, [&](const Indices& index) {
      tried.push_back(all[0] + index[0] * strides[0] + index[1] * strides[1] +
                      index[2] * strides[2]);
    });
    EXPECT_NE(tried, all) << "strides express it";
  }
  EXPECT_GT(expressed, 0);
  EXPECT_GT(refused, 0);
}

TEST_P(DrawnLayout, CollapsesToFewerDimensionsWithTheElementsInOrder) {
  for (int i = 0; i < 200; ++i) {
    const Layout first = draw_layout();
    const Layout second(first.shape());
    const std::vector<Layout> both{first, second};
    const auto fewer = collapse(both);
    SCOPED_TRACE(first.str() + " to " + fewer[0].str());
    ASSERT_EQ(fewer.size(), 2u);
    EXPECT_EQ(fewer[0].shape(), fewer[1].shape());
    EXPECT_LE(fewer[0].rank(), std::max<std::size_t>(first.rank(), 1));
    EXPECT_EQ(places(fewer[0]), places(first));
    EXPECT_EQ(places(fewer[1]), places(second));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DrawnLayout, testing::Values(1u, 2u, 3u),
                         [](const auto& instance) { return std::to_string(instance.param); });

}  // namespace
}  // namespace dovetail
