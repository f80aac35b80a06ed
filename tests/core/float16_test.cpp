// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/float16.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dovetail {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(Float16, RoundsToNearestEven) {
  EXPECT_EQ(Float16(1.0f).bits(), 0x3c00);
  EXPECT_EQ(Float16(-2.0f).bits(), 0xc000);
  EXPECT_EQ(Float16(1.0f + 0x1p-11f).bits(), 0x3c00);      // half way: to even
  EXPECT_EQ(Float16(1.0f + 3 * 0x1p-11f).bits(), 0x3c02);  // half way: to even
  EXPECT_EQ(Float16(1.0f + 0x1p-11f + 0x1p-20f).bits(), 0x3c01);
  EXPECT_EQ(Float16(65504.0f).bits(), 0x7bff);
  EXPECT_EQ(Float16(65520.0f).bits(), 0x7c00);  // beyond the range
  EXPECT_EQ(Float16(0x1p-24f).bits(), 0x0001);  // the smallest
  EXPECT_EQ(Float16(-0.0f).bits(), 0x8000);
}

TEST(Float16, SurvivesFloatAndBackForAllBits) {
  for (unsigned bits = 0; bits <= 0xffff; ++bits) {
    const auto half = Float16::from_bits(static_cast<std::uint16_t>(bits));
    const auto value = static_cast<float>(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(static_cast<float>(Float16(value))));
    } else {
      EXPECT_EQ(Float16(value).bits(), bits);
    }
  }
}

TEST(BFloat16, RoundsToNearestEven) {
  EXPECT_EQ(BFloat16(1.0f).bits(), 0x3f80);
  EXPECT_EQ(BFloat16(1.0f + 0x1p-8f).bits(), 0x3f80);
  EXPECT_EQ(BFloat16(1.0f + 3 * 0x1p-8f).bits(), 0x3f82);
  EXPECT_EQ(BFloat16(std::numeric_limits<float>::max()).bits(), 0x7f80);
  EXPECT_EQ(BFloat16(-infinity).bits(), 0xff80);
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::nanf("")))));
  // A NaN whose upper bits alone would be an infinity.
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::bit_cast<float>(0x7f800001U)))));
}

TEST(BFloat16, SurvivesFloatAndBackForAllBits) {
  for (unsigned bits = 0; bits <= 0xffff; ++bits) {
    const auto value = static_cast<float>(BFloat16::from_bits(static_cast<std::uint16_t>(bits)));
    if (!std::isnan(value)) {
      EXPECT_EQ(BFloat16(value).bits(), bits);
    }
  }
}

}  // namespace
}  // namespace dovetail
