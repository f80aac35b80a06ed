// SPDX-License-Identifier: Apache-2.0
// CLBlast's Gemm routines, which know neither bias, residual nor activation.
#pragma once

#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// Of clblast::StatusCode.
struct ClblastCodes {
  int not_implemented, no_half_precision;
};
extern const ClblastCodes clblast_codes;

/// Appends out = alpha op(a) op(b) + beta out for all of the batch, asynchronously; the rest of the
/// problem is not looked at.
/// @param problem  float32, float64 or float16 throughout, k not 0, and no element further from its
///                 buffer's start than an int can tell.
/// @throws VendorError  CLBlast fails.
void clblast_gemm(const Stream& stream, const MatmulProblem& problem);

}  // namespace dovetail::detail
