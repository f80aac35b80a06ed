// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/nd_range.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_throws;

TEST(NDRange, HoldsItsSizes) {
  const NDRange range({1024, 64, 3}, {16, 4, 1});
  EXPECT_EQ(range.dimensions(), 3u);
  EXPECT_EQ(range.global()[0], 1024u);
  EXPECT_EQ(range.global()[2], 3u);
  ASSERT_NE(range.local(), nullptr);
  EXPECT_EQ(range.local()[1], 4u);
  EXPECT_EQ(range.str(), "global [1024, 64, 3] local [16, 4, 1]");
}

TEST(NDRange, LeavesTheGroupToTheDriverByDefault) {
  const NDRange range({1009});
  EXPECT_EQ(range.dimensions(), 1u);
  EXPECT_EQ(range.local(), nullptr);
  EXPECT_EQ(range.str(), "global [1009] local [chosen]");
}

template <typename T>
concept TakesNestedLists = requires {
  T({{16}, {4}});
};
static_assert(!TakesNestedLists<NDRange>, "it would be a range of 16 x 4");

TEST(NDRange, HasAWorkItemForEachElementOfAShape) {
  EXPECT_EQ(NDRange::of({7, 64, 3}).str(), NDRange({7, 64, 3}).str());
  expect_throws<InvalidArgument>([] { static_cast<void>(NDRange::of({})); }, "1 to 3 dimensions");
  expect_throws<InvalidArgument>(
      [] {
        static_cast<void>(NDRange::of({1, 2, 3, 4}));
      },
      "1 to 3 dimensions");
  expect_throws<InvalidArgument>([] { static_cast<void>(NDRange::of({4, 0})); }, "a size of 0");
}

TEST(NDRange, RefusesNoneOrMoreThanThreeDimensions) {
  expect_throws<InvalidArgument>([] { NDRange(std::initializer_list<std::size_t>{}); }, "[NDRange]",
                                 "1 to 3 dimensions");
  expect_throws<InvalidArgument>(
      [] {
        NDRange range({1, 2, 3, 4});
      },
      "[NDRange]", "1 to 3 dimensions");
  EXPECT_THROW(NDRange({1, 2, 3, 4}, {1, 1, 1, 1}), InvalidArgument);
}

TEST(NDRange, RefusesGroupsOfAnotherNumberOfDimensions) {
  expect_throws<InvalidArgument>(
      [] {
        NDRange range({8, 8}, {4});
      },
      "[NDRange]", "global [8, 8]", "same number of dimensions");
  EXPECT_THROW(NDRange({8}, {4, 1}), InvalidArgument);
}

TEST(NDRange, RefusesASizeOfZero) {
  expect_throws<InvalidArgument>(
      [] {
        NDRange range({8, 0});
      },
      "[NDRange]", "[8, 0]", "skip the launch");
  EXPECT_THROW(NDRange({8}, {0}), InvalidArgument);
}

TEST(NDRange, RefusesMoreWorkItemsThan64BitsCount) {
  // The product of these sizes is 0 in 64 bits.
  constexpr std::size_t giant = std::size_t{1} << 32;
  expect_throws<InvalidArgument>(
      [] {
        NDRange range({giant, giant});
      },
      "[NDRange]", "global [4294967296, 4294967296]", "does not fit 64 bits", "a part at a time");
  EXPECT_THROW(NDRange({giant, giant}, {giant, giant}), InvalidArgument);
  EXPECT_THROW(NDRange({giant, giant / 2, 2}), InvalidArgument);
  EXPECT_EQ(NDRange({giant, giant / 2}).global()[1], giant / 2);
}

TEST(NDRange, RefusesAGroupThatDoesNotDivideItsDimension) {
  expect_throws<InvalidArgument>(
      [] {
        NDRange range({64, 10}, {16, 4});
      },
      "[NDRange]", "global [64, 10] local [16, 4]", "does not divide", "round the range up");
}

}  // namespace
}  // namespace dovetail
