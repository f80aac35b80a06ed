// SPDX-License-Identifier: Apache-2.0
// Compares layouts with plain lists of element positions, to which each operation is applied too.
#include "dovetail/core/layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::text_thrown;
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

std::int64_t place(const Layout& layout, const Indices& index) {
  std::int64_t place = layout.offset();
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    place += index[axis] * layout.strides()[axis];
  }
  return place;
}

Places places(const Layout& layout) {
  Places all;
  for_each_index(layout.shape(),
                 [&](const Indices& index) { all.push_back(place(layout, index)); });
  return all;
}

Layout made(const Shape& shape, const Indices& strides, std::int64_t offset = 0) {
  return {shape, strides, offset};
}

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

TEST(Layout, CollapsesContiguousOperandsToOneDimension) {
  const std::vector<Layout> two(2, Layout({4, 1, 5, 6}));
  for (const Layout& layout : collapse(two)) EXPECT_EQ(layout, Layout({120}));
  const std::vector<Layout> rows{Layout({4, 5, 6}), Layout({5, 6}).broadcast_to({4, 5, 6})};
  const auto fewer = collapse(rows);
  EXPECT_EQ(fewer[0], made({4, 30}, {30, 1}));
  EXPECT_EQ(fewer[1], made({4, 30}, {0, 1}));
  EXPECT_EQ(collapse(std::vector<Layout>(1)).front(), made({1}, {1}));
}

TEST(Layout, KeepsExtremeBoundsOfSlices) {
  constexpr std::int64_t least = INT64_MIN, most = INT64_MAX;
  const Layout five({5});
  EXPECT_EQ(five.slice(0, least, most), five);
  EXPECT_EQ(five.slice(0, most, least, -1), five.flip(0));
  EXPECT_EQ(five.slice(0, std::nullopt, std::nullopt, most), made({1}, {1}));
  EXPECT_EQ(five.slice(0, std::nullopt, std::nullopt, least), made({1}, {1}, 4));
  EXPECT_EQ(five.slice(-1, 1, -1, 2), made({2}, {2}, 1));
}

TEST(Layout, AddsAndRemovesDimensionsOfSizeOne) {
  const Layout layout({2, 3});
  EXPECT_EQ(layout.expand_dims(0).shape(), Shape({1, 2, 3}));
  EXPECT_EQ(layout.expand_dims(-1).shape(), Shape({2, 3, 1}));
  EXPECT_EQ(layout.expand_dims(1).squeeze(1), layout);
  EXPECT_TRUE(layout.expand_dims(1).is_contiguous());
}

TEST(Layout, RefusesWhatItCannotExpressWithTheRemedy) {
  const Layout layout({2, 3});
  const auto refusal = [](const auto& call) { return text_thrown<InvalidArgument>(call); };
  expect_parts(refusal([&] { made({2, 3}, {1}); }), "[Layout]", "[2, 3]", "[1]", "one stride");
  expect_parts(refusal([&] { made({2, 3}, {3, -1}, 1); }), "before the storage");
  expect_parts(refusal([&] { made({2, 3}, {INT64_MAX, 1}); }), "63 bits");
  expect_parts(refusal([&] { made({3}, {INT64_MAX / 2 + 1}); }), "63 bits");
  expect_parts(refusal([&] {
                 layout.broadcast_to({4, 3});
               }),
               "[broadcast_to]", "[2, 3] to [4, 3]", "only sizes of 1");
  expect_parts(refusal([&] { layout.broadcast_to({3}); }), "as many dimensions");
  const std::vector<int> twice{0, 0}, one{0}, beyond{0, 2};
  expect_parts(refusal([&] { layout.permute(twice); }), "[permute]", "[0, 0]", "once");
  expect_parts(refusal([&] { layout.permute(one); }), "[permute]", "once");
  expect_parts(refusal([&] { layout.permute(beyond); }), "[permute] axis 2", "-2 to 1");
  expect_parts(refusal([&] { layout.slice(0, 0, 1, 0); }), "[slice]", "step of 0");
  expect_parts(refusal([&] { layout.slice(2, 0, 1); }), "[slice] axis 2");
  expect_parts(refusal([&] { layout.flip(-3); }), "[flip] axis -3");
  expect_parts(refusal([&] { layout.squeeze(0); }), "[squeeze]", "has not the size 1");
  expect_parts(refusal([&] { layout.expand_dims(3); }), "[expand_dims]", "-3 to 2");
  expect_parts(refusal([&] { Layout({1, 1, 1, 1, 1, 1, 1, 1}).expand_dims(0); }), "8 dimensions");
  expect_parts(refusal([&] { static_cast<void>(layout.reshape({4})); }), "[reshape]",
               "6 elements, but [4] has 4");
}

TEST(Layout, StridesOfNoElementsBecomeRowMajor) {
  const Layout empty = made({0, 3}, {INT64_MAX, INT64_MAX}, 5);
  EXPECT_TRUE(empty.is_contiguous());
  EXPECT_EQ(empty.range(), Layout::Range());
  EXPECT_EQ(empty.slice(1, 1, 3).shape(), Shape({0, 2}));
  EXPECT_EQ(empty.reshape({3, 0, 2})->shape(), Shape({3, 0, 2}));
}

TEST(Broadcast, TakesTheLargerOfEachTwoSizes) {
  EXPECT_EQ(broadcast("add", {4, 1, 3}, {2, 1}), Shape({4, 2, 3}));
  EXPECT_EQ(broadcast("add", {}, {2}), Shape({2}));
  EXPECT_EQ(broadcast("add", {1}, {0}), Shape({0}));
  EXPECT_EQ(broadcast("add", {2, 3}, {2, 3}), Shape({2, 3}));
}

TEST(Broadcast, RefusesSizesThatDifferAndNamesBothShapes) {
  expect_parts(text_thrown<InvalidArgument>([] {
                 broadcast("add", {4, 2, 3}, {4, 3});
               }),
               "[add]", "a [4, 2, 3] and b [4, 3]", "sizes 2 and 4 of dimension -2");
  EXPECT_THROW(broadcast("add", {0}, {2}), InvalidArgument);
}

}  // namespace
}  // namespace dovetail
