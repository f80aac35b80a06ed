// SPDX-License-Identifier: Apache-2.0
// A product that was checked: the seam between matmul and its backends.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::detail {

/// What the plan of a product depends on. No size is 0 where a plan is made.
struct MatmulSizes {
  std::uint32_t m, n, k, batch;
  bool transpose_a = false, transpose_b = false;
  DType in = DType::f32, out = DType::f32;
  bool has_epilogue = false;  ///< Anything but the product goes into out.
  bool is_b_packed = false;   ///< b holds panels; transpose_b does not matter.
  /// Offset, rows and matrices of the operand all start at multiples of 4 elements, and the
  /// buffer's own alignment is the driver's, so its elements can be read in fours.
  bool is_a_aligned = true, is_b_aligned = true, is_out_aligned = true;

  friend bool operator==(const MatmulSizes&, const MatmulSizes&) = default;
  DOVETAIL_EXPORT std::size_t hash() const noexcept;
};

/// For each of the batch: out = activation(alpha op(a) op(b) + beta out + bias + residual); op(a)
/// is m x k and op(b) k x n. m, n and batch are not 0; k may be, and is where alpha is. All
/// operands are of the stream's context, a and b of one dtype; out, bias and residual of another or
/// the same. alpha and beta are rounded to the type that products are added up in.
struct MatmulProblem {
  MatmulSizes sizes;
  MatrixView a, b, out;
  EpilogueInto epilogue;
};

/// Returns the epilogue without a beta as one with it.
inline EpilogueInto into(const Epilogue& epilogue) {
  return {.alpha = epilogue.alpha,
          .bias = epilogue.bias,
          .residual = epilogue.residual,
          .activation = epilogue.activation};
}

/// Returns the first element's distance from the buffer's start, in elements.
inline std::size_t offset_of(const MatrixView& matrix) noexcept {
  return matrix.storage().offset / size_of(matrix.dtype());
}
/// A matrix of one row or a batch of one has no stride: what the view says must not look like one.
inline std::size_t row_stride_of(const MatrixView& matrix) noexcept {
  return static_cast<std::size_t>(matrix.rows() == 1 ? matrix.columns() : matrix.row_stride());
}
inline std::size_t batch_stride_of(const MatrixView& matrix) noexcept {
  return matrix.batch() == 1 ? 0 : static_cast<std::size_t>(matrix.batch_stride());
}

/// Makes matrix views that no user can.
struct MatrixViewAccess {
  /// @throws InvalidArgument  not 2 or 3 dimensions, or moved from; names `name`.
  DOVETAIL_EXPORT static MatrixView named(const char* name, const Tensor& tensor);
  /// Returns whether the tensor has the rows that a view of its last two dimensions takes; says
  /// nothing of its rank.
  DOVETAIL_EXPORT static bool has_rows(const Tensor& tensor) noexcept;
  /// The matrices of a batch, one under another, as one.
  static MatrixView as_tall(const MatrixView& batch, std::int64_t row_stride);
  /// One matrix of a batch.
  static MatrixView of_batch(const MatrixView& batch, std::size_t index);
  /// Reads and writes all of `storage`, wherever its elements lie.
  static MatrixView over(const BufferView& storage, const MatrixView& sizes, bool is_batched);
};

/// Each appends the product to the stream, asynchronously, with a workspace of its own.
void matmul_automatic(const Stream& stream, const MatmulProblem& problem);
void matmul_clblast(const Stream& stream, const MatmulProblem& problem);
void matmul_kernel(const Stream& stream, const MatmulProblem& problem);
void matmul_reference(const Stream& stream, const MatmulProblem& problem);

/// Returns whether the vendor library is in this build and offers the product.
bool clblast_offers(const Stream& stream, const MatmulProblem& problem);

/// Returns whether the vendor library is in this build.
bool has_clblast() noexcept;

}  // namespace dovetail::detail
