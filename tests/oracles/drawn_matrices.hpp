// SPDX-License-Identifier: Apache-2.0
// The matrices of a drawn product, in host memory.
#pragma once

#include <cstdint>

#include "tests/oracles/drawn_product.hpp"
#include "tests/oracles/matmul_data.hpp"

namespace dovetail::test {

struct DrawnMatrices {
  HostMatrix a, b, out, residual, bias;
};

/// Lays the matrices out and fills them, as `c` says; what no value is drawn for is poison.
DrawnMatrices make_matrices(const DrawnProduct& c);

/// Returns element (i, j) of op(a) or op(b).
double element_at(const HostMatrix& matrix, bool transposed, std::int64_t index, std::int64_t i,
                  std::int64_t j);

}  // namespace dovetail::test
