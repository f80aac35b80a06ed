// SPDX-License-Identifier: Apache-2.0
// An operand that many products share, such as a layer's weights, arranged once.
#pragma once

#include <cstdint>

#include "dovetail/core/export.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/ops/matrix_view.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

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
  /// @param b          [k, n], or a batch of them; stored as [n, k] with `transpose`. Of a dtype
  ///                   that is multiplied.
  /// @throws InvalidArgument  a size of 0, another dtype, or another context than the stream's.
  PackedMatrix(const Stream& stream, const MatrixView& b, bool transpose = false);

  std::int64_t k() const noexcept { return view_.rows(); }     ///< Returns the rows of op(b).
  std::int64_t n() const noexcept { return view_.columns(); }  ///< Returns the columns.
  /// Returns the number of matrices.
  std::int64_t batch() const noexcept { return view_.batch(); }
  DType dtype() const noexcept { return view_.dtype(); }  ///< Returns the element type.
  /// Bytes that it takes.
  std::size_t nbytes() const noexcept { return nbytes_; }

  /// Where it lies: as rows, or in panels, whose arrangement may change from version to version.
  const MatrixView& view() const noexcept { return view_; }
  bool is_in_panels() const noexcept { return is_in_panels_; }  ///< Returns which of the two.

 private:
  std::size_t nbytes_;
  bool is_in_panels_;
  MatrixView view_;
};

/// `matmul` with op(b) packed. Results may differ from those without in the last bits.
/// @param options  The backend `automatic` or `kernel`; without `transpose_b`, which was said at
///                 packing.
/// @throws InvalidArgument  as there; also of those options.
DOVETAIL_EXPORT Tensor matmul(const Stream& stream, const Tensor& a, const PackedMatrix& b,
                              const MatmulOptions& options = {});
/// Multiplies into existing memory with op(b) packed.
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const MatrixView& a, const PackedMatrix& b,
                                 const MatrixView& out, const MatmulOptions& options = {});

}  // namespace dovetail
