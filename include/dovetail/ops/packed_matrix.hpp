// SPDX-License-Identifier: Apache-2.0
// An operand that many products share, such as a layer's weights, arranged once.
#pragma once

#include <cstdint>

#include "dovetail/core/export.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/ops/matrix_view.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// How the operand to be packed is stored.
struct PackOptions {
  bool transpose = false;  ///< `b` is stored as [n, k].
};

/// op(b) of products a op(b), as Dovetail's kernels read it fastest on one kind of device: on a CPU
/// in panels of a register tile's width and in the type that is multiplied, on other devices row by
/// row, transposed if need be and aligned. Products with it then skip that part of their work,
/// which pays the more the fewer rows `a` has.
///
/// A snapshot: what is written to `b` later does not show. Takes memory of its own: for 16-bit
/// floats on a CPU twice, for int8 four times that of `b`. A copyable handle; thread-safe.
class DOVETAIL_EXPORT PackedMatrix {
 public:
  /// Appends the packing to `stream` and returns; products on any stream come after it.
  /// @param b  [k, n], or a batch of them, of a dtype that is multiplied.
  /// @throws InvalidArgument  a size of 0, another dtype, or another context than the stream's.
  PackedMatrix(const Stream& stream, const MatrixView& b, const PackOptions& options = {});
  /// Appends the packing to the calling thread's current stream.
  explicit PackedMatrix(const MatrixView& b, const PackOptions& options = {})
      : PackedMatrix(current_stream(), b, options) {}

  std::int64_t k() const noexcept { return view_.rows(); }     ///< Returns the rows of op(b).
  std::int64_t n() const noexcept { return view_.columns(); }  ///< Returns the columns.
  /// Returns the number of matrices.
  std::int64_t batch() const noexcept { return view_.batch(); }
  DType dtype() const noexcept { return view_.dtype(); }  ///< Returns the element type.
  /// Returns the bytes that it takes.
  std::size_t nbytes() const noexcept { return view_.storage().nbytes; }

  /// Returns where it lies: as rows, or in panels, whose arrangement may change from version to
  /// version. For inspection: rows and dtype of a view of panels do not describe the bytes, so pass
  /// the PackedMatrix to products, not this view.
  const MatrixView& view() const noexcept { return view_; }
  bool is_in_panels() const noexcept { return is_in_panels_; }  ///< Returns which of the two.

 private:
  MatrixView view_;
  bool is_in_panels_ = false;
};

/// How the other operand is stored.
struct PackedMatmulOptions {
  bool transpose_a = false;  ///< `a` is stored as [k, m].
};

/// Multiplies by a packed op(b), with Dovetail's kernels. Results may differ in the last bits from
/// those without packing.
/// @throws InvalidArgument  the operands or the epilogue do not fit each other, as for `matmul`.
/// @{
[[nodiscard]] DOVETAIL_EXPORT Tensor matmul(const Stream& stream, const MatrixView& a,
                                            const PackedMatrix& b,
                                            const PackedMatmulOptions& options = {},
                                            const Epilogue& epilogue = {});
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const MatrixView& a, const PackedMatrix& b,
                                 const MatrixView& out, const PackedMatmulOptions& options = {},
                                 const EpilogueInto& epilogue = {});
/// @}

/// Appends to the calling thread's current stream.
/// @{
[[nodiscard]] inline Tensor matmul(const MatrixView& a, const PackedMatrix& b,
                                   const PackedMatmulOptions& options = {},
                                   const Epilogue& epilogue = {}) {
  return matmul(current_stream(), a, b, options, epilogue);
}
inline void matmul_into(const MatrixView& a, const PackedMatrix& b, const MatrixView& out,
                        const PackedMatmulOptions& options = {},
                        const EpilogueInto& epilogue = {}) {
  matmul_into(current_stream(), a, b, out, options, epilogue);
}
/// @}

}  // namespace dovetail
