// SPDX-License-Identifier: Apache-2.0
// Plans of kernels/matmul/cpu/gemv.cl.
#include <algorithm>

#include "lib/ops/matmul/plan/cpu.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"

namespace dovetail::detail {
namespace {

using std::uint32_t;

/// The larger operand has a row or column for each result, the other one `count` vectors.
struct Roles {
  bool a_is_big;
  uint32_t count, results;
  bool along_k, small_along_k;  ///< Of the larger operand, and of the other.

  explicit Roles(const MatmulSizes& s)
      : a_is_big(s.m >= s.n),
        count(a_is_big ? s.n : s.m),
        results(a_is_big ? s.m : s.n),
        along_k(a_is_big ? !s.transpose_a : s.transpose_b),
        small_along_k(a_is_big ? s.transpose_b : !s.transpose_a) {}
};

/// Whether the float sums of int8 products in each lane stay exact.
bool is_exact_in_float(const Roles& roles, uint32_t width, uint32_t steps) {
  return blocks(steps, roles.along_k ? width : 1) <= 1024;
}

}  // namespace

bool takes_gemv(const MatmulSizes& s) {
  const Roles roles(s);
  // Beyond these counts the panel kernel is as fast.
  return roles.along_k ? roles.count <= 8 && (roles.small_along_k || roles.count == 1)
                       : roles.count <= 4;
}

GemvChoice default_gemv(const DeviceTraits& cpu, const MatmulSizes& s) {
  const Roles roles(s);
  GemvChoice c{.items = wanted_items(cpu, s)};
  uint32_t items = 0;
  if (roles.along_k) {
    c.width = roles.count <= 4 ? 4 : 2;
    items = blocks(roles.results, c.width);
  } else {
    const uint32_t width = vector_width(cpu, s.in);
    while (c.width > 1 && blocks(roles.results, c.width * width) < c.items) c.width /= 2;
    items = blocks(roles.results, c.width * width);
  }
  const std::uint64_t all = std::uint64_t{items} * s.batch;
  if (all < cpu.compute_units) {
    c.parts =
        static_cast<uint32_t>(std::clamp<std::uint64_t>(s.k / 4096, 1, cpu.compute_units / all));
  }
  return c;
}

std::optional<MatmulPlan> plan_gemv(const DeviceTraits& cpu, const MatmulSizes& s,
                                    const GemvChoice& c) {
  const Roles roles(s);
  const bool is_in_range = c.width >= 1 && c.width <= 8 && c.items >= 1 && c.items <= 65536 &&
                           c.parts >= 1 && c.parts <= std::min(s.k, 1024U);
  if (!is_in_range || roles.count > 8) return std::nullopt;
  const uint32_t width = vector_width(cpu, s.in);
  const uint32_t part_steps = blocks(s.k, c.parts);
  const uint32_t parts = blocks(s.k, part_steps);
  MatmulPlan plan{.file = "matmul/cpu/gemv.cl",
                  .kernel = roles.along_k ? "matmul_gemv_dot" : "matmul_gemv_axpy",
                  .options = cpu_options(cpu, s, parts > 1)
                                 .define("BIG_A", roles.a_is_big)
                                 .define("COUNT", roles.count),
                  .global = {1, std::size_t{s.batch} * parts, 1},
                  .local = {1, 1, 1},
                  .parts = parts > 1 ? parts : 0,
                  .part_steps = part_steps};
  if (roles.along_k) {
    plan.options.define("RESULTS", c.width);
    plan.results_per_item = blocks(blocks(roles.results, c.items), c.width) * c.width;
    plan.global[0] = blocks(roles.results, plan.results_per_item);
  } else {
    plan.options.define("CHUNK", c.width);
    plan.global[0] = blocks(roles.results, c.width * width);
  }
  if (s.in == DType::i8) {
    plan.options.define("I8_AS_FLOAT", is_exact_in_float(roles, width, part_steps));
  }
  return plan;
}

}  // namespace dovetail::detail
