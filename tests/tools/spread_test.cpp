// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/spread.hpp"

#include <gtest/gtest.h>

namespace dovetail::tool {
namespace {

TEST(Spread, SortsAndTakesTheMiddle) {
  const Spread odd = Spread::of({3, 1, 2});
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.max, 3);
  EXPECT_EQ(Spread::of({4, 1, 2, 3}).median, 2.5);
}

TEST(Spread, RatioHasTheExtremesOfAnyTwoMeasurements) {
  const Spread ratio = Spread{2, 4, 8} / Spread{1, 2, 4};
  EXPECT_EQ(ratio.min, 0.5);
  EXPECT_EQ(ratio.median, 2);
  EXPECT_EQ(ratio.max, 8);
}

TEST(Change, SpreadsThatTouchAreNoise) {
  EXPECT_EQ(change(Spread{10, 20, 30} / Spread{1, 5, 10}), Change::noise);
  EXPECT_EQ(change(Spread{11, 20, 30} / Spread{1, 5, 10}), Change::more);
  EXPECT_EQ(change(Spread{1, 5, 10} / Spread{11, 20, 30}), Change::less);
}

TEST(Change, FifteenPercentIsNoise) {
  EXPECT_EQ(change(1.15), Change::noise);
  EXPECT_EQ(change(1.16), Change::more);
  EXPECT_EQ(change(1 / 1.15), Change::noise);
  EXPECT_EQ(change(0.86), Change::less);
  EXPECT_EQ(change(Spread{1.10, 1.13, 1.14}), Change::noise);
}

}  // namespace
}  // namespace dovetail::tool
