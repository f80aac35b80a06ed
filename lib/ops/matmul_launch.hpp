// SPDX-License-Identifier: Apache-2.0
// Runs a product as planned.
#pragma once

#include <array>
#include <cstdint>

#include "dovetail/runtime/kernel.hpp"
#include "lib/ops/matmul_plan.hpp"
#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// A plan with its kernel built.
struct PlannedMatmul {
  Kernel kernel;
  NDRange range;
  std::array<std::uint32_t, 3> share;
  std::uint32_t parts;
  bool prefers_clblast = false;  ///< Where the backend may be chosen.

  PlannedMatmul(const Stream& stream, const MatmulPlan& plan);
};

MatmulSizes sizes_of(const MatmulProblem& problem) noexcept;

/// Appends the product, with a workspace from the memory pool if the plan has parts.
void run_plan(const Stream& stream, const MatmulProblem& problem, const PlannedMatmul& planned);

}  // namespace dovetail::detail
