// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/plan/gpu.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <random>
#include <string>

#include "lib/ops/matmul/tuning/live_tuning.hpp"
#include "lib/ops/matmul/tuning/tuning_table.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

constexpr DeviceTraits large_gpu{
    .is_cpu = false, .compute_units = 132, .local_memory = 48 * 1024, .max_work_group_size = 1024};

MatmulPlan default_plan(const DeviceTraits& gpu, const MatmulSizes& sizes) {
  return *plan_choice(gpu, sizes, default_choice(gpu, sizes));
}

/// The value of a plan's option, or nothing.
std::string option(const MatmulPlan& plan, const std::string& name) {
  const std::string text = plan.options.str() + " ";
  const auto at = text.find("-D" + name + "=");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 3;
  return text.substr(from, text.find(' ', from) - from);
}

std::size_t number(const MatmulPlan& plan, const std::string& name) {
  const std::string text = option(plan, name);
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_tile(const MatmulPlan& plan) { return plan.kernel == "matmul_tile"; }

std::size_t local_memory_of(const MatmulPlan& plan, std::size_t sum_size) {
  if (is_tile(plan)) {
    return 2 * number(plan, "BK") * (number(plan, "BM") + number(plan, "BN") + 8) * sum_size;
  }
  const std::size_t sums = plan.kernel == "matmul_skinny_dot" ? number(plan, "RESULTS")
                           : number(plan, "VECTOR_BIG") == 1  ? 4
                                                              : 1;
  return sums * number(plan, "COUNT") * plan.local[0] * sum_size;
}

MatmulSizes square(std::uint32_t size) { return {.m = size, .n = size, .k = size, .batch = 1}; }

TEST(MatmulPlanGpu, TakesTheLargestTilesForLargeSquares) {
  for (const std::uint32_t size : {2048U, 4096U, 8192U}) {
    for (const int transposes : {0, 1, 2, 3}) {
      MatmulSizes sizes = square(size);
      sizes.transpose_a = (transposes & 1) != 0;
      sizes.transpose_b = (transposes & 2) != 0;
      const MatmulPlan plan = default_plan(large_gpu, sizes);
      EXPECT_EQ(number(plan, "BM") * number(plan, "BN"), 256U * 128U) << size;
      EXPECT_EQ(plan.parts, 0U) << size;
    }
  }
}

TEST(MatmulPlanGpu, GivesEachComputeUnitATileOfASquareOf1024) {
  const MatmulPlan plan = default_plan(large_gpu, square(1024));
  EXPECT_EQ(plan.global[0] / plan.local[0], 128U);
  EXPECT_EQ(plan.parts, 0U);
}

TEST(MatmulPlanGpu, ReadsVectorsOnlyWhereRowsStartAndEndAtMultiplesOf4) {
  const auto plan = [](MatmulSizes sizes) { return default_plan(large_gpu, sizes); };
  MatmulSizes sizes = square(512);
  EXPECT_EQ(option(plan(sizes), "VECTOR_A"), "1");
  EXPECT_EQ(option(plan(sizes), "VECTOR_B"), "1");
  EXPECT_EQ(option(plan(sizes), "VECTOR_OUT"), "1");
  sizes.is_a_aligned = false;
  EXPECT_EQ(option(plan(sizes), "VECTOR_A"), "0");
  EXPECT_EQ(option(plan(sizes), "VECTOR_B"), "1");
  sizes = square(512);
  sizes.k = 513;  // along which the rows of a lie, and the columns of b
  EXPECT_EQ(option(plan(sizes), "VECTOR_A"), "0");
  EXPECT_EQ(option(plan(sizes), "VECTOR_B"), "1");
  sizes.transpose_a = sizes.transpose_b = true;
  EXPECT_EQ(option(plan(sizes), "VECTOR_A"), "1");
  EXPECT_EQ(option(plan(sizes), "VECTOR_B"), "0");
  sizes = square(512);
  sizes.is_out_aligned = false;
  EXPECT_EQ(option(plan(sizes), "VECTOR_OUT"), "0");
}

TEST(MatmulPlanGpu, WritesPartsOfKAsSumsWhereTilesAreFew) {
  MatmulSizes sizes{.m = 128, .n = 128, .k = 65536, .batch = 1};
  sizes.in = sizes.out = DType::f16;
  sizes.has_epilogue = true;
  const MatmulPlan plan = default_plan(large_gpu, sizes);
  EXPECT_GT(plan.parts, 8U);
  EXPECT_EQ(option(plan, "OUT"), option(default_plan(large_gpu, square(64)), "OUT"));  // float
  EXPECT_NE(option(plan, "EPILOGUE"), "1");
}

TEST(MatmulPlanGpu, MakesFewRowsOrColumnsWithTheSkinnyKernels) {
  const auto kernel = [](std::uint32_t m, std::uint32_t n, bool transpose_a, bool transpose_b) {
    return default_plan(large_gpu, {.m = m,
                                    .n = n,
                                    .k = 4096,
                                    .batch = 1,
                                    .transpose_a = transpose_a,
                                    .transpose_b = transpose_b})
        .kernel;
  };
  EXPECT_EQ(kernel(1, 4096, false, true), "matmul_skinny_dot");
  EXPECT_EQ(kernel(1, 4096, false, false), "matmul_skinny_scale");
  EXPECT_EQ(kernel(8, 4096, false, true), "matmul_skinny_dot");
  EXPECT_EQ(kernel(4096, 8, true, false), "matmul_skinny_scale");
  EXPECT_EQ(kernel(4096, 8, false, false), "matmul_tile");  // dots would gather the small operand
  EXPECT_EQ(kernel(9, 4096, false, true), "matmul_tile");
}

TEST(MatmulPlanGpu, KeepsRegisterTilesOfDoublesSmall) {
  MatmulSizes sizes = square(4096);
  sizes.in = sizes.out = DType::f64;
  const MatmulPlan plan = default_plan(large_gpu, sizes);
  EXPECT_LE(number(plan, "RM") * number(plan, "RN"), 64U);
}

TEST(MatmulPlanGpu, LeavesToTheReferenceWhatNoTileFits) {
  const DeviceTraits tiny{
      .is_cpu = false, .compute_units = 1, .local_memory = 1024, .max_work_group_size = 1024};
  EXPECT_EQ(default_plan(tiny, square(64)).file, "matmul/reference.cl");
}

TEST(MatmulPlanGpu, CoversKOnceAndKeepsWithinTheLimitsOfAnyGpu) {
  std::mt19937 generator(1);
  const auto below = [&generator](std::uint32_t end) {
    return static_cast<std::uint32_t>(generator() % end);
  };
  const auto size = [&below] { return 1 + below(1U << below(14)); };
  std::size_t tiles = 0, split = 0;
  for (int i = 0; i < 20000; ++i) {
    const DeviceTraits gpu{.is_cpu = false,
                           .compute_units = 1 + below(200),
                           .local_memory = std::size_t{4096} << below(5),
                           .max_work_group_size = std::size_t{64} << below(5)};
    MatmulSizes s{.m = size(), .n = size(), .k = size(), .batch = 1 + below(3)};
    s.transpose_a = below(2) == 1;
    s.transpose_b = below(2) == 1;
    s.is_a_aligned = below(2) == 1;
    s.in = s.out = below(2) == 1 ? DType::f64 : DType::f32;
    const MatmulPlan plan = default_plan(gpu, s);
    if (plan.file == "matmul/reference.cl") continue;
    SCOPED_TRACE(std::to_string(s.m) + " " + std::to_string(s.n) + " " + std::to_string(s.k) + " " +
                 plan.options.str());
    const std::uint64_t parts = plan.global[1], steps = plan.part_steps;
    ASSERT_EQ(parts, std::max(1U, plan.parts));
    ASSERT_GE(parts * steps, s.k);
    ASSERT_LT((parts - 1) * steps, s.k);
    if (parts > 1) {
      ASSERT_EQ(steps % 32, 0U);
    }
    ASSERT_EQ(plan.global[0] % plan.local[0], 0U);
    ASSERT_LE(plan.local[0], gpu.max_work_group_size);
    ASSERT_LE(local_memory_of(plan, size_of(s.in)), gpu.local_memory);
    if (is_tile(plan)) {
      ASSERT_EQ(number(plan, "BM") % (number(plan, "PATCH_ROWS") * number(plan, "RM")), 0U);
      ASSERT_EQ(number(plan, "BN") % (number(plan, "PATCH_COLUMNS") * number(plan, "RN")), 0U);
      ASSERT_EQ(number(plan, "BK") % number(plan, "SLICES"), 0U);
      ++tiles;
    }
    split += plan.parts > 0 ? 1 : 0;
  }
  EXPECT_GT(tiles, 1000U);
  EXPECT_GT(split, 1000U);
}

TEST(MatmulPlanGpu, PlansEveryEntryOfTheLibrarysTable) {
  const auto table =
      TuningTable::parse(embedded_text("data/tuned/nvidia_h200.csv"), "nvidia_h200.csv");
  EXPECT_FALSE(table.entries().empty());
  for (const auto& [device, p, tuning, is_set] : table.entries()) {
    if (device != "NVIDIA H200") continue;
    EXPECT_TRUE(plan_choice(large_gpu, sizes_of(p), tuning.choice)) << tuning.choice;
  }
}

TEST(MatmulPlanGpu, MalformedChoiceHasNoPlan) {
  const MatmulSizes sizes = square(512);
  ASSERT_TRUE(plan_choice(large_gpu, sizes, "tile 64x32s4 parts=1"));
  ASSERT_TRUE(plan_choice(large_gpu, sizes, "reference"));
  for (const char* bad : {"", "tile", "panel swap=0", "skinny parts=1",  // not for a square
                          "tile 64x32 parts=1", "tile 64x32s4",
                          "tile 64x32s4 parts=", "tile 64x32s4 parts=0", "tile 64x32s4 parts=5",
                          "tile 64x32s4 parts=64", "tile 64x32s4 parts=1 ", "tile  parts=1"}) {
    EXPECT_FALSE(plan_choice(large_gpu, sizes, bad)) << bad;
  }
}

}  // namespace
}  // namespace dovetail::detail
