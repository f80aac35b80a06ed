// SPDX-License-Identifier: Apache-2.0
// Which of the kernels for CPU devices runs a product, and how.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "lib/ops/matmul/plan/plan.hpp"

namespace dovetail {
namespace {

using detail::choices;
using detail::default_choice;
using detail::DeviceTraits;
using detail::MatmulPlan;
using detail::MatmulSizes;
using detail::plan_choice;

constexpr std::uint32_t most = (1u << 31) - 1;  // that matmul takes

constexpr DeviceTraits laptop{
    .compute_units = 2, .local_memory = 512 << 10, .native_float_vector_width = 8};
constexpr DeviceTraits cpus[] = {
    laptop,
    {.compute_units = 1, .local_memory = 32 << 10, .native_float_vector_width = 1},
    {.compute_units = 16, .local_memory = 1 << 20, .native_float_vector_width = 8},
    {.compute_units = 32, .local_memory = 16 << 20, .native_float_vector_width = 16},
    {.compute_units = 256, .local_memory = 512 << 10, .native_float_vector_width = 16}};

const std::vector<MatmulSizes>& some_sizes() {
  static const std::vector<MatmulSizes> sizes = [] {
    std::vector<MatmulSizes> list;
    const MatmulSizes shapes[] = {
        {.m = 1, .n = 1, .k = 1, .batch = 1},           {.m = 64, .n = 64, .k = 64, .batch = 1},
        {.m = 1, .n = 2048, .k = 8192, .batch = 1},     {.m = 512, .n = 8, .k = 512, .batch = 1},
        {.m = 509, .n = 251, .k = 4127, .batch = 3},    {.m = 8, .n = 8, .k = 100000, .batch = 1},
        {.m = most, .n = 1, .k = 1, .batch = 1},        {.m = 1, .n = most, .k = 1, .batch = 1},
        {.m = 40000, .n = 40000, .k = most, .batch = 7}};
    for (MatmulSizes s : shapes) {
      for (const int transposes : {0, 1, 2, 3}) {
        s.transpose_a = (transposes & 1) != 0;
        s.transpose_b = (transposes & 2) != 0;
        for (const auto& [in, out] : {std::pair{DType::f32, DType::f32},
                                      {DType::f64, DType::f64},
                                      {DType::f16, DType::f16},
                                      {DType::bf16, DType::f32},
                                      {DType::i8, DType::i32}}) {
          for (const bool has_epilogue : {false, true}) {
            s.in = in;
            s.out = out;
            s.has_epilogue = has_epilogue;
            list.push_back(s);
          }
        }
      }
    }
    return list;
  }();
  return sizes;
}

std::string str(const DeviceTraits& cpu, const MatmulSizes& s) {
  return std::to_string(cpu.compute_units) + " units: " + std::to_string(s.batch) + " x " +
         std::to_string(s.m) + " " + std::to_string(s.n) + " " + std::to_string(s.k) + " in " +
         std::string(to_string(s.in)) + (s.has_epilogue ? " with an epilogue" : "");
}

std::uint64_t option(const MatmulPlan& plan, const std::string& name) {
  const std::string& text = plan.options.str();
  const auto at = text.find("-D" + name + "=");
  EXPECT_NE(at, std::string::npos) << name << " in " << text;
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 3));
}

MatmulPlan default_plan(const DeviceTraits& cpu, const MatmulSizes& s) {
  return *plan_choice(cpu, s, default_choice(cpu, s));
}

/// Calls `look` with every plan for some CPUs and sizes.
template <typename Look>
void for_each_plan(const Look& look) {
  for (const DeviceTraits& cpu : cpus) {
    for (const MatmulSizes& s : some_sizes()) {
      for (const std::string& choice : choices(cpu, s)) {
        SCOPED_TRACE(str(cpu, s) + ": " + choice);
        look(s, *plan_choice(cpu, s, choice));
      }
    }
  }
}

TEST(MatmulPlanCpu, EveryChoiceIsOfUseAndGivenOnce) {
  for (const DeviceTraits& cpu : cpus) {
    for (const MatmulSizes& s : some_sizes()) {
      SCOPED_TRACE(str(cpu, s));
      auto list = choices(cpu, s);
      ASSERT_FALSE(list.empty());
      EXPECT_EQ(list[0], default_choice(cpu, s));
      EXPECT_LE(list.size(), 40u);
      for (const std::string& choice : list) {
        const auto plan = plan_choice(cpu, s, choice);
        ASSERT_TRUE(plan.has_value()) << choice;
        for (const std::size_t count : plan->global) EXPECT_GT(count, 0u) << choice;
      }
      std::ranges::sort(list);
      EXPECT_EQ(std::ranges::adjacent_find(list), list.end());
    }
  }
}

// The kernel deals panels and register tiles out evenly, so each item gets one if there are enough.
TEST(MatmulPlanCpu, LeavesNoItemWithoutWork) {
  for_each_plan([](const MatmulSizes& s, const MatmulPlan& plan) {
    if (plan.kernel != "matmul_panel") return;
    const bool swap = option(plan, "SWAP") != 0;
    const std::uint64_t rows = swap ? s.n : s.m, columns = swap ? s.m : s.n;
    const std::uint64_t width = option(plan, "VECTORS") * option(plan, "WIDTH");
    EXPECT_LE(plan.global[0], (columns - 1) / width + 1);
    EXPECT_LE(plan.global[1], (rows - 1) / option(plan, "ROWS") + 1);
  });
}

TEST(MatmulPlanCpu, AddsUpInAWorkspaceWhatOutCannotHold) {
  for_each_plan([](const MatmulSizes& s, const MatmulPlan& plan) {
    const std::uint64_t part = plan.part_steps == 0 ? s.k : plan.part_steps;
    const std::uint64_t parts = (s.k - 1) / part + 1;
    if (plan.parts != 0) {
      EXPECT_EQ(plan.parts, parts);
      EXPECT_EQ(option(plan, "EPILOGUE"), 0u);
    } else {
      EXPECT_EQ(parts, 1u);
    }
    if (plan.kernel != "matmul_panel") return;
    const bool is_narrow = s.out == DType::f16 || s.out == DType::bf16;
    if (part > option(plan, "STEPS") && (s.has_epilogue || is_narrow)) {
      EXPECT_NE(plan.parts, 0u);
    }
    if (s.in == DType::i8) {
      EXPECT_LE(option(plan, "STEPS"), 1024u);  // as many products are exact in float
    }
  });
}

TEST(MatmulPlanCpu, SplitsKWhereFewResultsWouldLeaveUnitsIdle) {
  for (const DeviceTraits& cpu : cpus) {
    SCOPED_TRACE(cpu.compute_units);
    const auto parts_for = [&](const MatmulSizes& s) { return default_plan(cpu, s).parts; };
    if (cpu.compute_units > 1) {
      EXPECT_GT(parts_for({.m = 16, .n = 16, .k = 100000, .batch = 1}), 1u);
      EXPECT_GT(parts_for({.m = 1, .n = 1, .k = 1000000, .batch = 1}), 1u);
    }
    EXPECT_EQ(parts_for({.m = 16, .n = 16, .k = 100, .batch = 1}), 0u);
    EXPECT_EQ(parts_for({.m = 8192, .n = 8192, .k = 100000, .batch = 1}), 0u);
  }
}

TEST(MatmulPlanCpu, RunsATinyProductAsOneItemThatPacksNothing) {
  for (const DeviceTraits& cpu : cpus) {
    SCOPED_TRACE(cpu.compute_units);
    const MatmulPlan tiny = default_plan(cpu, {.m = 64, .n = 64, .k = 64, .batch = 1});
    EXPECT_EQ(tiny.global, (std::array<std::size_t, 3>{1, 1, 1}));
    EXPECT_EQ(option(tiny, "IN_PLACE"), 1u);
    // Where it cannot be read in place, and where the others of its batch keep the units busy.
    const MatmulPlan ragged = default_plan(cpu, {.m = 64, .n = 63, .k = 64, .batch = 1});
    EXPECT_EQ(ragged.global, (std::array<std::size_t, 3>{1, 1, 1}));
    EXPECT_EQ(option(ragged, "IN_PLACE"), 0u);
    const std::uint32_t enough = 4 * cpu.compute_units;
    const MatmulPlan batched = default_plan(cpu, {.m = 64, .n = 64, .k = 64, .batch = enough});
    EXPECT_EQ(batched.global, (std::array<std::size_t, 3>{1, 1, enough}));
    EXPECT_EQ(option(batched, "IN_PLACE"), 0u);
    EXPECT_GT(default_plan(cpu, {.m = 256, .n = 256, .k = 256, .batch = 1}).global[0], 1u);
  }
}

TEST(MatmulPlanCpu, TakesTilesThatLeaveFewRowsUnused) {
  for (const DeviceTraits& cpu : cpus) {
    SCOPED_TRACE(cpu.native_float_vector_width);
    const auto rows_for = [&](std::uint32_t m) {
      return option(default_plan(cpu, {.m = m, .n = 4096, .k = 4096, .batch = 1}), "ROWS");
    };
    const bool has_32_registers = cpu.native_float_vector_width == 16;
    EXPECT_EQ(rows_for(4096), has_32_registers ? 12u : 6u);
    EXPECT_EQ(rows_for(16 * 12), has_32_registers ? 12u : 6u);
    EXPECT_EQ(rows_for(16), has_32_registers ? 8u : 4u);
  }
}

TEST(MatmulPlanCpu, MalformedChoiceHasNoPlan) {
  const MatmulSizes s{.m = 64, .n = 64, .k = 64, .batch = 1};
  const std::string good =
      "panel swap=0 vectors=2 rows=4 kc=64 steps=64 items=8 in_place=0 parts=1";
  ASSERT_TRUE(plan_choice(laptop, s, good));
  for (const char* bad :
       {"", "panel", "gemv", "tile bm=128", "panel swap=0", "panelswap=0",
        "panel vectors=2 swap=0 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1",
        "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=",
        "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1 ",
        "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1 more=1",
        "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=-1",
        "panel swap=0 vectors=2 rows=4 kc=99999999999 steps=256 items=8 in_place=0 parts=1",
        "panel swap=0  vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1",
        "gemv width=4 items=8 parts=x"}) {
    EXPECT_FALSE(plan_choice(laptop, s, bad)) << bad;
  }
}

TEST(MatmulPlanCpu, ChoiceThatCannotRunHasNoPlan) {
  const MatmulSizes s{.m = 64, .n = 64, .k = 64, .batch = 1};
  for (const char* bad : {
           "panel swap=2 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=0 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=9 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=0 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=3 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=1 vectors=2 rows=12 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=32 kc=2048 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=4 kc=0 steps=0 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=4 kc=256 steps=512 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=4 rows=4 kc=65536 steps=256 items=8 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=0 in_place=0 parts=1",
           "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=2 parts=1",
           "panel swap=1 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=1 parts=1",
           "panel swap=0 vectors=3 rows=4 kc=2048 steps=256 items=8 in_place=1 parts=1",
           "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=0",
           "panel swap=0 vectors=2 rows=4 kc=2048 steps=256 items=8 in_place=0 parts=65",
           "gemv width=4 items=8 parts=1",  // 64 vectors
       }) {
    EXPECT_FALSE(plan_choice(laptop, s, bad)) << bad;
  }
  MatmulSizes bytes = s;
  bytes.in = DType::i8;
  bytes.out = DType::i32;
  EXPECT_FALSE(
      plan_choice(laptop, bytes,
                  "panel swap=0 vectors=2 rows=4 kc=2048 steps=2048 items=8 in_place=0 parts=1"));
}

TEST(MatmulPlanCpu, PackedPanelsHoldAllColumns) {
  for (const DeviceTraits& cpu : cpus) {
    for (const MatmulSizes& s : some_sizes()) {
      if (s.n > 100000) continue;
      SCOPED_TRACE(str(cpu, s));
      const MatmulPlan pack = detail::plan_pack(cpu, s);
      const std::uint64_t width = option(pack, "VECTORS") * option(pack, "WIDTH");
      const std::uint64_t factor = s.in == DType::f64 ? 8 : 4;
      EXPECT_EQ(pack.global[0], (s.n - 1) / width + 1);
      EXPECT_EQ(pack.global[1], s.batch);
      EXPECT_EQ(detail::packed_nbytes(cpu, s), pack.global[0] * width * s.k * s.batch * factor);
      MatmulSizes packed = s;
      packed.is_b_packed = true;
      const MatmulPlan product = *plan_choice(cpu, packed, "");
      EXPECT_EQ(option(product, "VECTORS") * option(product, "WIDTH"), width);
      EXPECT_EQ(option(product, "PREPACKED"), 1u);
      EXPECT_EQ(option(product, "SWAP"), 0u);
      EXPECT_EQ(option(product, "IN_PLACE"), 0u);
    }
  }
}

}  // namespace
}  // namespace dovetail
