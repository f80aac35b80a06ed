// SPDX-License-Identifier: Apache-2.0
#include "tools/results/advice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace dovetail::tool {
namespace {

/// Measurements of 5 % around a middle one.
Spread around(double median) { return {0.95 * median, median, 1.05 * median}; }

ScalingRow scaling_row(const char* path, const char* queue, const char* sync, unsigned threads,
                       const Spread& ops_per_s) {
  return {.path = path,
          .queue = queue,
          .sync = sync,
          .work = "launch",
          .threads = threads,
          .ops = 1,
          .ops_per_s = ops_per_s,
          .speedup = 1,
          .efficiency = 1.0 / threads,
          .calls_per_op = {}};
}

MatmulRow matmul_row(const char* backend, std::uint64_t m, double gflops, double enqueue_us) {
  return {.backend = backend,
          .m = m,
          .n = 1,
          .k = 1,
          .us = around(1 / gflops),
          .enqueue_us = around(enqueue_us),
          .gflops = gflops};
}

bool says(const Results& results, std::string_view part) {
  return std::ranges::any_of(advise(results), [&](const Advice& advice) {
    return advice.text.find(part) != std::string::npos;
  });
}

TEST(Advice, EmptyResultsGiveNoAdvice) { EXPECT_TRUE(advise({}).empty()); }

TEST(Advice, RecommendsTheQueueThatMeasuredFaster) {
  Results results;
  results.scaling = {scaling_row("stream", "shared", "per_op", 8, around(300)),
                     scaling_row("stream", "separate", "per_op", 8, around(100)),
                     scaling_row("stream", "separate", "per_op", 1, around(200))};
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
  const auto ratio = compare_backends(results.matmul, "kernel", "clblast", &MatmulRow::us);
  EXPECT_DOUBLE_EQ(ratio.mean, 6);
  EXPECT_EQ(ratio.shapes, 2);
  EXPECT_TRUE(says(results, "6.00x the speed of clblast"));
  EXPECT_TRUE(says(results, "CLBlast 6.0x the host time"));
  EXPECT_EQ(compare_backends(results.matmul, "kernel", "openblas", &MatmulRow::us).shapes, 0);
}

TEST(Advice, TellsTheLargestFractionOfThePeakThatTheKernelsReach) {
  Results results;
  results.matmul = {matmul_row("kernel", 1, 10, 1), matmul_row("kernel", 2, 20, 1),
                    matmul_row("openblas", 3, 30, 1)};
  EXPECT_FALSE(says(results, "At best"));
  for (MatmulRow& row : results.matmul) row.fraction_of_peak = row.gflops / 40;
  EXPECT_TRUE(says(results, "At best, with 2 x 1 x 1 of f32, Dovetail's kernels reach 50 %"));
}

/// Every comparison of two rates or times that advise() makes, each between `one` and `other`.
Results compared(const Spread& one, const Spread& other) {
  Results results;
  results.scaling = {scaling_row("stream", "shared", "per_op", 8, one),
                     scaling_row("stream", "separate", "per_op", 8, other),
                     scaling_row("stream", "separate", "per_op", 1, one),
                     scaling_row("stream", "process", "per_op", 8, other),
                     scaling_row("stream", "shared", "per_op", 1, one),
                     scaling_row("stream", "shared", "async", 1, other),
                     scaling_row("raw", "shared", "async", 1, one)};
  results.handoff = {{"kernel_and_tensor", "shared", one, std::nullopt},
                     {"kernel_and_tensor", "event", other, std::nullopt}};
  for (const char* backend : {"kernel", "clblast", "openblas"}) {
    results.matmul.push_back(matmul_row(backend, 1, 1, 1));
    results.matmul.back().us = results.matmul.back().enqueue_us =
        backend == std::string("kernel") ? one : other;
  }
  return results;
}

/// Expects that no finding gives a ratio, nor a verdict that rests on one.
void expect_no_claim(const Results& results) {
  const auto findings = advise(results);
  EXPECT_EQ(findings.size(), 7U);  // waiting and enqueuing: no sentence at all
  for (const Advice& finding : findings) {
    EXPECT_NE(finding.text.find("within the noise"), std::string::npos) << finding.text;
    for (const char* claim : {"x the ", "x from ", "serialises", "scales", "share a queue",
                              "streams of their own", "get round", "gains nothing"}) {
      EXPECT_EQ(finding.text.find(claim), std::string::npos) << finding.text;
    }
  }
}

TEST(Advice, OverlappingSpreadsAreNoFinding) {
  expect_no_claim(compared({50, 100, 150}, {140, 200, 260}));
  expect_no_claim(compared({140, 200, 260}, {50, 100, 150}));
}

TEST(Advice, DifferenceBelowFifteenPercentIsNoFinding) {
  expect_no_claim(compared({99, 100, 101}, {112, 113, 114}));
  expect_no_claim(compared({112, 113, 114}, {99, 100, 101}));
}

TEST(Advice, EqualFiguresAreNoFinding) {
  expect_no_claim(compared({100, 100, 100}, {100, 100, 100}));
}

TEST(Advice, SpreadsThatAreApartAreFindings) {
  for (const Advice& finding : advise(compared(around(100), around(300)))) {
    EXPECT_EQ(finding.text.find("within the noise of"), std::string::npos) << finding.text;
  }
  EXPECT_TRUE(says(compared(around(100), around(300)), "3.00x the rate of plain OpenCL calls"));
  EXPECT_TRUE(says(compared(around(300), around(100)), "0.33x the rate of plain OpenCL calls"));
}

TEST(Advice, OneThreadIsNotComparedWithItself) {
  Results results;
  for (const char* queue : {"shared", "separate", "process"}) {
    results.scaling.push_back(scaling_row("stream", queue, "per_op", 1, around(100)));
  }
  EXPECT_TRUE(advise(results).empty());
}

TEST(Advice, MeanOverShapesNeedsAMajorityOfClearShapes) {
  Results results;
  // Twice as fast on one shape and half as fast on another, beyond the noise; a third shape whose
  // spreads overlap moves the mean.
  results.matmul = {matmul_row("kernel", 1, 2, 1), matmul_row("openblas", 1, 1, 1),
                    matmul_row("kernel", 2, 1, 1), matmul_row("openblas", 2, 2, 1),
                    matmul_row("kernel", 3, 1, 1), matmul_row("openblas", 3, 1, 1)};
  results.matmul[4].us = {1, 2, 100};
  results.matmul[5].us = {1, 50, 100};
  EXPECT_TRUE(says(results,
                   "are within the noise of openblas (geometric mean over 3 shapes; "
                   "faster on 1, slower on 1, within the noise on 1)"));
}

TEST(BackendRatio, MeanIsNoiseUnlessTheClearShapesAgree) {
  const auto change = [](double mean, int faster, int slower) {
    return BackendRatio{.mean = mean, .shapes = 40, .faster = faster, .slower = slower}.change();
  };
  EXPECT_EQ(change(0.61, 7, 10), Change::noise);
  EXPECT_EQ(change(0.61, 2, 20), Change::less);
  EXPECT_EQ(change(2.0, 1, 0), Change::more);
  EXPECT_EQ(change(2.0, 2, 20), Change::noise);
  EXPECT_EQ(change(2.0, 0, 0), Change::noise);
  EXPECT_EQ(change(1.1, 30, 0), Change::noise);
}

TEST(Advice, FractionOfThePeakIsAllAtMost) {
  Results results;
  results.matmul = {matmul_row("kernel", 1, 10, 1)};
  results.matmul[0].fraction_of_peak = 1.55;
  EXPECT_TRUE(says(results, "reach all the multiply-adds"));
  EXPECT_FALSE(says(results, "155"));
}

}  // namespace
}  // namespace dovetail::tool
