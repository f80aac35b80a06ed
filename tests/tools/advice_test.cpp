// SPDX-License-Identifier: Apache-2.0
#include "tools/report/advice.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace dovetail::tool {
namespace {

ScalingRow scaling_row(const char* queue, const char* sync, unsigned threads, double ops_per_s,
                       double speedup) {
  return {.path = "stream",
          .queue = queue,
          .sync = sync,
          .work = "launch",
          .threads = threads,
          .ops = 1,
          .ops_per_s = {ops_per_s, ops_per_s, ops_per_s},
          .speedup = speedup,
          .efficiency = speedup / threads,
          .calls_per_op = {}};
}

MatmulRow matmul_row(const char* backend, std::uint64_t m, double gflops, double enqueue_us) {
  return {.backend = backend,
          .m = m,
          .n = 1,
          .k = 1,
          .us = {1, 1, 1},
          .enqueue_us = enqueue_us,
          .gflops = gflops};
}

bool says(const Results& results, std::string_view part) {
  return std::ranges::any_of(advise(results), [&](const Advice& advice) {
    return advice.text.find(part) != std::string::npos;
  });
}

TEST(Spread, SortsAndTakesTheMiddle) {
  const Spread odd = Spread::of({3, 1, 2});
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.max, 3);
  EXPECT_EQ(Spread::of({4, 1, 2, 3}).median, 2.5);
}

TEST(Advice, IsEmptyWithoutMeasurements) { EXPECT_TRUE(advise({}).empty()); }

TEST(Advice, RecommendsTheQueueThatMeasuredFaster) {
  Results results;
  results.scaling = {scaling_row("shared", "per_op", 8, 300, 3),
                     scaling_row("separate", "per_op", 8, 100, 1)};
  EXPECT_TRUE(says(results, "3.00x the operations per second"));
  EXPECT_TRUE(says(results, "share a queue."));
  EXPECT_TRUE(says(results, "dispatch serialises: more threads do not help"));
  std::swap(results.scaling[0].ops_per_s, results.scaling[1].ops_per_s);
  EXPECT_TRUE(says(results, "give threads that need no common order streams of their own."));
}

TEST(Advice, ComparesHandoffsWithTheSharedQueue) {
  Results results;
  results.handoff = {{"kernel_and_tensor", "shared", {2, 2, 2}, HandoffRow::Counts{0, 2, 0}},
                     {"kernel_and_tensor", "finish", {9, 9, 9}, HandoffRow::Counts{2, 0, 0}}};
  EXPECT_TRUE(says(results, "a host finish at each boundary cost 4.50x"));
  EXPECT_TRUE(says(results, "2 waits per step against 0"));
  results.handoff[0].counts.reset();
  EXPECT_FALSE(says(results, "waits per step"));
}

TEST(Advice, TakesTheGeometricMeanOverCommonShapes) {
  Results results;
  results.matmul = {matmul_row("kernel", 1, 8, 1), matmul_row("clblast", 1, 2, 9),
                    matmul_row("kernel", 2, 9, 1), matmul_row("clblast", 2, 1, 4),
                    matmul_row("kernel", 3, 1, 1)};
  EXPECT_DOUBLE_EQ(geometric_mean_ratio(results.matmul, "kernel", "clblast"), 6);
  EXPECT_TRUE(says(results, "6.00x the speed of clblast"));
  EXPECT_TRUE(says(results, "CLBlast 6.0x the host time"));
  EXPECT_EQ(geometric_mean_ratio(results.matmul, "kernel", "openblas"), 0);
}

TEST(Advice, TellsTheLargestFractionOfThePeakThatTheKernelsReach) {
  Results results;
  results.matmul = {matmul_row("kernel", 1, 10, 1), matmul_row("kernel", 2, 20, 1),
                    matmul_row("openblas", 3, 30, 1)};
  EXPECT_FALSE(says(results, "At best"));
  for (MatmulRow& row : results.matmul) row.fraction_of_peak = row.gflops / 40;
  EXPECT_TRUE(says(results, "At best, with 2 x 1 x 1 of f32, Dovetail's kernels reach 50 %"));
}

}  // namespace
}  // namespace dovetail::tool
