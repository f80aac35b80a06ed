// SPDX-License-Identifier: Apache-2.0
// Runs a product as planned.
#pragma once

#include <memory>

#include "dovetail/runtime/kernel.hpp"
#include "lib/ops/matmul/plan/plan.hpp"
#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// A plan with its kernel built.
struct BuiltPlan {
  MatmulPlan plan;
  Kernel kernel;
  NDRange range;
  bool prefers_clblast = false;  ///< Where the backend may be chosen.

  DOVETAIL_EXPORT BuiltPlan(const Stream& stream, MatmulPlan plan);
};

/// What a plan is made by.
enum class Recipe : unsigned char { tuned, reference, pack };

/// Returns the plan of such products on the stream's device, from the context's cache.
std::shared_ptr<const BuiltPlan> built_plan(const Stream& stream, const MatmulSizes& sizes,
                                            Recipe recipe);

/// Appends the product, with a workspace from the memory pool if the plan has parts.
DOVETAIL_EXPORT void run_plan(const Stream& stream, const MatmulProblem& problem,
                              const BuiltPlan& built);

/// Appends the packing of op(b), whose sizes these are, into `packed`.
DOVETAIL_EXPORT void run_pack(const Stream& stream, const MatmulSizes& sizes, const MatrixView& b,
                              const MatrixView& packed, const BuiltPlan& built);

}  // namespace dovetail::detail
