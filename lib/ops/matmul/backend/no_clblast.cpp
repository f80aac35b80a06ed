// SPDX-License-Identifier: Apache-2.0
// Stands in for matmul_clblast.cpp in a build without CLBlast.
#include "dovetail/core/error.hpp"
#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

bool has_clblast() noexcept { return false; }

bool clblast_offers(const Stream& /*stream*/, const MatmulProblem& /*problem*/) { return false; }

void matmul_clblast(const Stream& /*stream*/, const MatmulProblem& /*problem*/) {
  throw VendorError("CLBlast Gemm", -1,
                    "this build has no CLBlast; configure with -DDOVETAIL_WITH_CLBLAST=ON, or use "
                    "another backend.");
}

}  // namespace dovetail::detail
