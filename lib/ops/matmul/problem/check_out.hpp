// SPDX-License-Identifier: Apache-2.0
// Checks where a product goes, and what is added to it there.
#pragma once

#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// Returns the dtype of a product of such operands, if none is asked for.
DType result_dtype(DType operands) noexcept;

/// @param sizes  The product's.
/// @throws InvalidArgument  `out` is not the product's, or overlaps an operand or itself.
void check_out(const Stream& stream, const MatmulSizes& sizes, const MatrixView& a,
               const MatrixView& b, const MatrixView& out);

/// @throws InvalidArgument  bias or residual does not fit `out`, or overlaps it without being it.
void check_epilogue(const Stream& stream, const MatrixView& out, const EpilogueInto& epilogue);

}  // namespace dovetail::detail
