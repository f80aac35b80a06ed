// SPDX-License-Identifier: Apache-2.0
// CLBlast's Gemm routines, which know neither bias, residual nor activation.
#pragma once

#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// Appends out = alpha op(a) op(b) + beta out for all of the batch, asynchronously; the rest of the
/// problem is not looked at.
/// @param problem  float32, float64 or float16 throughout, k not 0, and no element further from its
///                 buffer's start than an int can tell.
/// @throws VendorError  CLBlast fails.
void clblast_gemm(const Stream& stream, const MatmulProblem& problem);

}  // namespace dovetail::detail
