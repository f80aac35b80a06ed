// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/peak.hpp"

#include <gtest/gtest.h>

#include "dovetail/stream/current_stream.hpp"

namespace dovetail::tool {
namespace {

void expect_rate(const Spread& rate) {
  EXPECT_GT(rate.min, 0);
  EXPECT_LE(rate.min, rate.median);
  EXPECT_LE(rate.median, rate.max);
}

// Making the meter and the first sample of memory verify the results.
TEST(PeakMeter, GivesTheRatesOfTheDevice) {
  const Stream stream = current_stream();
  PeakMeter meter(stream, true);
  for (int i = 0; i < 5; ++i) meter.sample_arithmetic();
  meter.sample_memory();
  const Peak peak = meter.peak();
  expect_rate(peak.f32_gflops);
  expect_rate(peak.triad_gb_s);
  expect_rate(peak.read_gb_s);
  EXPECT_EQ(peak.f64_gflops.has_value(), stream.device().has_extension("cl_khr_fp64"));
  if (peak.f64_gflops) expect_rate(*peak.f64_gflops);
  EXPECT_GE(peak.array_bytes, std::uint64_t{31} << 20);
}

TEST(Peak, DtypeTakesThePeakOfTheTypeItIsAddedUpIn) {
  Peak peak{
      .f32_gflops = {1, 2, 3}, .f64_gflops = Spread{4, 5, 6}, .triad_gb_s = {}, .read_gb_s = {}};
  for (const char* dtype : {"f32", "f16", "bf16"}) EXPECT_EQ(peak.gflops_of(dtype), 2) << dtype;
  EXPECT_EQ(peak.gflops_of("f64"), 5);
  EXPECT_EQ(peak.gflops_of("i8"), std::nullopt);
  peak.f64_gflops.reset();
  EXPECT_EQ(peak.gflops_of("f64"), std::nullopt);
}

}  // namespace
}  // namespace dovetail::tool
