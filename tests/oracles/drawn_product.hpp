// SPDX-License-Identifier: Apache-2.0
// Draws random products out of everything that matmul accepts.
#pragma once

#include <cstdint>
#include <string>

#include "dovetail/ops/matmul.hpp"

namespace dovetail::test {

enum class BatchKind { own, shared_a, shared_b };
enum class ResidualKind { none, other, out };
/// Where matrices lie: one after another; with gaps between rows; as blocks of columns of one wide
/// matrix, like the heads of an attention; a, residual and out together in one wide matrix.
enum class LayoutKind { packed, strided, heads, one_buffer };
/// Values between -1 and 1; sums that nearly cancel; NaN and infinities among the operands and in
/// the residual.
enum class DataKind { plain, cancelling, special };

/// One product. Everything in it follows from `number`, the backend and the types.
struct DrawnProduct {
  std::uint32_t number = 0;
  MatmulBackend backend = MatmulBackend::kernel;
  DType in = DType::f32, out = DType::f32;
  std::int64_t m = 1, n = 1, k = 1, batch = 1;
  bool transpose_a = false, transpose_b = false;
  double alpha = 1.0, beta = 0.0;
  bool has_bias = false;
  ResidualKind residual = ResidualKind::none;
  Activation activation = Activation::none;
  BatchKind batch_kind = BatchKind::own;
  LayoutKind layout = LayoutKind::packed;
  DataKind data = DataKind::plain;
  std::int64_t gap = 0;     ///< Elements between rows, or blocks.
  std::int64_t offset = 0;  ///< Elements before each matrix.

  std::string str() const;
};

/// Draws the case of that number.
DrawnProduct draw_product(std::uint32_t number, MatmulBackend backend, DType in, DType out);

}  // namespace dovetail::test
