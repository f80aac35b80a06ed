// SPDX-License-Identifier: Apache-2.0
// What is done to a product on its way into out, as a kernel of its own.
#pragma once

#include <cstdint>

#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// Appends out = activation(alpha (parts[0] + parts[1] + ...) + beta out + bias + residual).
/// @param parts  [count, batch, m, n] without gaps, of the type that products are added up in; with
///               a count of 0 it is not read, and may be any operand of the problem.
void matmul_epilogue(const Stream& stream, const MatmulProblem& problem, const BufferView& parts,
                     std::uint32_t count);

}  // namespace dovetail::detail
