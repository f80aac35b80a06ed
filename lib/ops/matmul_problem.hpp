// SPDX-License-Identifier: Apache-2.0
// A product that was checked: the seam between matmul and its backends.
#pragma once

#include <cstddef>

#include "dovetail/ops/matmul.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::detail {

/// Where a matrix of a product, or a batch of them, lies. Strides count elements.
struct MatmulOperand {
  const BufferView* storage = nullptr;  ///< Null for an operand that is absent.
  DType dtype = DType::f32;
  std::size_t row_stride = 0, batch_stride = 0;

  explicit operator bool() const noexcept { return storage != nullptr; }
  /// Of the first element, in elements.
  std::size_t offset() const noexcept { return storage->offset / size_of(dtype); }
};

/// For each of `batch`: out = activation(alpha op(a) op(b) + beta out + bias + residual); op(a) is
/// m x k and op(b) k x n. m, n and batch are not 0; k may be, and is where alpha is. All operands
/// are of the stream's context, a and b of one dtype; out, bias and residual of another or the
/// same.
struct MatmulProblem {
  std::size_t batch, m, n, k;
  bool transpose_a, transpose_b;
  MatmulOperand a, b, out;
  double alpha, beta;      ///< Rounded to the type that products are added up in.
  MatmulOperand bias;      ///< One row.
  MatmulOperand residual;  ///< As out.
  Activation activation;
  bool is_b_packed = false;  ///< b holds panels, as kernels/matmul/pack.cl makes them.

  /// Whether anything but the product goes into out.
  bool has_epilogue() const noexcept {
    return alpha != 1.0 || beta != 0.0 || bias || residual || activation != Activation::none;
  }
};

/// Each appends the product to the stream, asynchronously, with a workspace of its own.
void matmul_automatic(const Stream& stream, const MatmulProblem& problem);
void matmul_clblast(const Stream& stream, const MatmulProblem& problem);
void matmul_kernel(const Stream& stream, const MatmulProblem& problem);
void matmul_reference(const Stream& stream, const MatmulProblem& problem);

/// Whether the vendor library is in this build and offers the product.
bool clblast_offers(const Stream& stream, const MatmulProblem& problem);

/// Whether the vendor library is in this build.
bool has_clblast() noexcept;

}  // namespace dovetail::detail
