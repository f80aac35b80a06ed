// SPDX-License-Identifier: Apache-2.0
// The backend that the others are judged by.
#include "lib/ops/matmul_launch.hpp"

namespace dovetail::detail {

MatmulPlan plan_reference(const MatmulSizes& s) {
  constexpr std::size_t group = 16;
  return {.file = "matmul/reference.cl",
          .kernel = "matmul_reference",
          .options = matmul_options(s),
          .global = {round_up(s.n, group), round_up(s.m, group), s.batch},
          .local = {group, group, 1}};
}

void matmul_reference(const Stream& stream, const MatmulProblem& problem) {
  run_plan(stream, problem, PlannedMatmul(stream, plan_reference(sizes_of(problem))));
}

}  // namespace dovetail::detail
