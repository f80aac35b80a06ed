// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/shape.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_throws;

TEST(Shape, DescribesAScalarWithoutDimensions) {
  const Shape scalar;
  EXPECT_EQ(scalar.rank(), 0u);
  EXPECT_EQ(scalar.size(), 1);
  EXPECT_EQ(scalar.str(), "[]");
  EXPECT_TRUE(scalar.sizes().empty());
}

TEST(Shape, KnowsItsSizes) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape.rank(), 3u);
  EXPECT_EQ(shape.size(), 30);
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[2], 5);
  EXPECT_EQ(shape.str(), "[2, 3, 5]");
  const std::vector<std::int64_t> sizes{2, 3, 5};
  EXPECT_EQ(shape, Shape(sizes));
}

TEST(Shape, AllowsSizesOfZero) {
  EXPECT_EQ((Shape{0}).size(), 0);
  EXPECT_EQ((Shape{4, 0, 7}).size(), 0);
  EXPECT_EQ((Shape{4, 0, 7}).str(), "[4, 0, 7]");
}

TEST(Shape, ComparesRankAndSizes) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_NE((Shape{0}), Shape{});
}

TEST(Shape, RefusesANegativeSize) {
  expect_throws<InvalidArgument>([] { Shape({4, -1, 2}); }, "[Shape]", "[4, -1, 2]", "negative");
}

TEST(Shape, RefusesMoreThanEightDimensions) {
  EXPECT_EQ((Shape{1, 1, 1, 1, 1, 1, 1, 2}).rank(), 8u);
  expect_throws<InvalidArgument>(
      [] {
        Shape({1, 1, 1, 1, 1, 1, 1, 1, 3});
      },
      "[Shape]", "1, 3]", "at most 8 dimensions");
}

TEST(Shape, RefusesMoreElementsThanSixtyThreeBitsHold) {
  constexpr std::int64_t two_to_32 = std::int64_t{1} << 32;
  EXPECT_EQ((Shape{two_to_32, two_to_32 / 2 - 1}).size(), two_to_32 * (two_to_32 / 2 - 1));
  EXPECT_EQ((Shape{std::numeric_limits<std::int64_t>::max()}).size(),
            std::numeric_limits<std::int64_t>::max());
  expect_throws<InvalidArgument>(
      [] {
        Shape({two_to_32, two_to_32 / 2});
      },
      "[Shape]", "[4294967296, 2147483648]", "63 bits");
  expect_throws<InvalidArgument>(
      [] {
        Shape({two_to_32, two_to_32, two_to_32, two_to_32});  // 2^128 wraps to 0
      },
      "63 bits");
}

}  // namespace
}  // namespace dovetail
