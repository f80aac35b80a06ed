// SPDX-License-Identifier: Apache-2.0
// Checks where a product goes, and what is added to it there.
#pragma once

#include "lib/ops/matmul_check.hpp"

namespace dovetail::detail {

/// What the product of two such operands is, if nothing else is asked for.
DType result_dtype(DType operands) noexcept;

/// @throws InvalidArgument  `out` is not the product's, or overlaps an operand or itself.
void check_out(const Stream& stream, const MatmulShape& shape, const GivenMatrix& a,
               const GivenMatrix& b, const GivenMatrix& out);

/// @throws InvalidArgument  `bias` does not fit `out`, or overlaps it.
MatmulOperand check_bias(const Stream& stream, const MatmulShape& shape, const GivenMatrix& out,
                         const Tensor& bias);

/// @throws InvalidArgument  `residual` does not fit `out`, or overlaps it without being it.
MatmulOperand check_residual(const Stream& stream, const GivenMatrix& out,
                             const MatrixView& residual);

}  // namespace dovetail::detail
