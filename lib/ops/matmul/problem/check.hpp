// SPDX-License-Identifier: Apache-2.0
// Checks what matmul is given, and makes a problem of it.
#pragma once

#include <optional>
#include <string_view>

#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// Returns whether any device multiplies matrices of that type.
bool is_multiplied(DType dtype) noexcept;
/// Returns whether the device multiplies matrices of that type.
bool is_multiplied(const Device& device, DType dtype);
/// @param what  Begins the text, such as "[matmul] a [2, 3]".
[[noreturn]] void refuse_dtype(const Device& device, DType dtype, std::string_view what);

/// @throws InvalidArgument  the matrix is of another context than the stream, or its rows lie too
///                          far apart to be counted.
void check_place(const Stream& stream, std::string_view function, std::string_view name,
                 const MatrixView& matrix);

/// Returns the sizes of the product, which may be 0, with the result's dtype as `out`.
/// @throws InvalidArgument  the operands do not fit each other, the stream, the options or the
///                          epilogue.
DOVETAIL_EXPORT MatmulSizes check_operands(const Stream& stream, const MatrixView& a,
                                           const MatrixView& b, const MatmulOptions& options,
                                           const EpilogueInto& epilogue);

/// Returns the shape of the product of a and b, whose sizes are these.
Shape result_shape(const MatrixView& a, const MatrixView& b, const MatmulSizes& sizes);

/// @param sizes  What check_operands() returned.
/// @return       Nothing where the result is empty.
/// @throws InvalidArgument  `out` or the epilogue does not fit the product.
DOVETAIL_EXPORT std::optional<MatmulProblem> check_problem(const Stream& stream,
                                                           const MatmulSizes& sizes, MatrixView a,
                                                           MatrixView b, MatrixView out,
                                                           const EpilogueInto& epilogue);

}  // namespace dovetail::detail
