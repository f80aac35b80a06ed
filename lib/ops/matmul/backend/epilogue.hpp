// SPDX-License-Identifier: Apache-2.0
// What is done to a product on its way into out, as a kernel of its own.
#pragma once

#include <cstdint>

#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// Appends out = activation(alpha (sums[0] + sums[1] + ...) + beta out + bias + residual).
/// @param sums  [parts, batch, m, n] from its buffer's start on, without gaps, of the type that
///              products are added up in.
void matmul_epilogue(const Stream& stream, const MatmulProblem& problem, const BufferView& sums,
                     std::uint32_t parts);
/// Appends out = activation(beta out + bias + residual): the product is a sum over nothing, or in
/// out already.
void matmul_epilogue(const Stream& stream, const MatmulProblem& problem);

}  // namespace dovetail::detail
