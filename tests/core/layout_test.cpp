// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/layout.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::expect_throws;
using test::text_thrown;

Layout made(const Shape& shape, const std::vector<std::int64_t>& strides, std::int64_t offset = 0) {
  return {shape, strides, offset};
}

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
  expect_throws<InvalidArgument>(
      [] {
        broadcast("add", {4, 2, 3}, {4, 3});
      },
      "[add]", "a [4, 2, 3] and b [4, 3]", "sizes 2 and 4 of dimension -2");
  EXPECT_THROW(broadcast("add", {0}, {2}), InvalidArgument);
}

}  // namespace
}  // namespace dovetail
