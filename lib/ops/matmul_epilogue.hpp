// SPDX-License-Identifier: Apache-2.0
// What is done to a product on its way into out, as a kernel of its own.
#pragma once

#include <cstdint>

#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// Appends out = activation(alpha (parts[0] + parts[1] + ...) + beta out + bias + residual).
/// @param parts  [count, batch, m, n] without gaps, of the type that products are added up in.
void matmul_epilogue(const Stream& stream, const MatmulProblem& problem, const BufferView& parts,
                     std::uint32_t count);
/// Appends out = activation(beta out + bias + residual): the product is a sum over nothing, or in
/// out already.
void matmul_epilogue(const Stream& stream, const MatmulProblem& problem);

}  // namespace dovetail::detail
