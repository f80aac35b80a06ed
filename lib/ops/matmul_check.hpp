// SPDX-License-Identifier: Apache-2.0
// Checks what matmul is given, and makes a problem of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/ops/matmul_given.hpp"
#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// The product of two operands, as far as it is known without an out.
struct MatmulShape {
  std::int64_t batch, m, n, k;
  bool is_batched;
  DType dtype;  ///< Of the result.

  Shape result() const { return is_batched ? Shape{batch, m, n} : Shape{m, n}; }
};

/// Whether the device multiplies matrices of that type.
bool is_multiplied(const Device& device, DType dtype);
/// @param what  Begins the text, such as "[matmul] a [2, 3]".
[[noreturn]] void refuse_dtype(const Device& device, DType dtype, std::string_view what);

/// @throws InvalidArgument  there is no out yet that beta could be for.
void check_no_beta(const MatmulOptions& options);

/// @throws InvalidArgument  the operands do not fit each other, the stream or the options.
MatmulShape check_operands(const Stream& stream, const GivenMatrix& a, const GivenMatrix& b,
                           const MatmulOptions& options);

/// @return  Nothing where the result is empty.
/// @throws InvalidArgument  `out` or what the options hold does not fit the product.
std::optional<MatmulProblem> check_problem(const Stream& stream, const MatmulShape& shape,
                                           const GivenMatrix& a, const GivenMatrix& b,
                                           const GivenMatrix& out, const MatmulOptions& options);

}  // namespace dovetail::detail
