// SPDX-License-Identifier: Apache-2.0
// Matrix products, by a vendor library or by Dovetail's own kernels.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/ops/matrix_view.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// The library or the kernels that compute a product.
enum class MatmulBackend {
  automatic,  ///< `kernel` or `clblast`, whichever measured faster; see ops/matmul_tuning.hpp.
  clblast,    ///< CLBlast, the vendor library, in the stream's own queue.
  kernel,     ///< Dovetail's kernels.
  reference,  ///< One plain kernel that sums in double where the device can: slow and trusted.
};

/// "automatic", "clblast", "kernel" or "reference"; "unknown" for a value that is no backend.
DOVETAIL_EXPORT std::string_view to_string(MatmulBackend backend) noexcept;

/// The backend of that name, if there is one.
DOVETAIL_EXPORT std::optional<MatmulBackend> matmul_backend(std::string_view name) noexcept;

/// The backends in this build of the library, `automatic` first.
DOVETAIL_EXPORT const std::vector<MatmulBackend>& matmul_backends();

/// What a product goes through last.
enum class Activation {
  none,
  relu,       ///< max(x, 0); NaN stays NaN, as in all of them.
  gelu,       ///< x Phi(x), with the error function.
  gelu_tanh,  ///< Its approximation by tanh (Hendrycks & Gimpel, arXiv:1606.08415).
  silu,       ///< x / (1 + exp(-x)).
};

/// "none", "relu", "gelu", "gelu_tanh" or "silu"; "unknown" for a value that is no activation.
DOVETAIL_EXPORT std::string_view to_string(Activation activation) noexcept;

/// What a product does besides multiplying.
struct MatmulOptions {
  MatmulBackend backend = MatmulBackend::automatic;
  bool transpose_a = false;              ///< `a` is stored as [k, m].
  bool transpose_b = false;              ///< `b` is stored as [n, k].
  double alpha = 1.0;                    ///< With 0, also once rounded, `a` and `b` are not read.
  double beta = 0.0;                     ///< With 0, also once rounded, `out` is not read.
  std::optional<Tensor> bias{};          ///< [n], of the dtype of the result: added to each row.
  std::optional<MatrixView> residual{};  ///< Of the shape and dtype of the result.
  Activation activation = Activation::none;
};

/// Multiplies matrices: out = activation(alpha op(a) op(b) + beta out + bias + residual), where op
/// transposes or not.
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order. No
/// workspace is shared by two calls.
/// @param a  Shape [m, k], or [batch, m, k]; see MatmulOptions for transposes. float32, float64,
///           float16, bfloat16 or int8. The 16-bit floats are multiplied and added up in float32,
///           int8 in int32; rounding comes last, after the epilogue.
/// @param b  Shape [k, n], or [batch, k, n], of the same dtype. Where only one of the two has a
///           batch, the other's matrix serves all of it.
/// @return   New tensor, shape [m, n] or [batch, m, n], of the operands' dtype, or int32 for int8.
///           A size of 0 is answered as BLAS does: with k = 0 the product is zeros, with any other
///           it is empty.
/// @throws InvalidArgument  inner sizes, batches, dtypes or contexts differ; a dtype that is not
///                          multiplied, or not by this device; a size above 2^31 - 1; `bias` or
///                          `residual` does not fit; int8 with factors or an activation that int32
///                          has not; an unknown backend or activation; `beta` is given.
/// @throws VendorError      the vendor library fails, does not offer this, or is not in this build.
/// @throws CaptureError     the stream captures, and the vendor library was asked for.
/// @throws OutOfMemory      the output or a workspace cannot be had.
/// @throws OpenCLError      the driver fails; BuildError if its compiler does; CommandError if the
///                          stream or what the operands depend on has failed.
/// Thread-safe: the vendor library's first use, which is not, is guarded.
DOVETAIL_EXPORT Tensor matmul(const Stream& stream, const Tensor& a, const Tensor& b,
                              const MatmulOptions& options = {});

/// `matmul` into memory that exists and overlaps neither operand.
/// @param out  Also float32 where the operands are 16-bit floats.
/// @throws InvalidArgument  also when the shape or dtype of `out` is not the result's, or `out`
///                          overlaps an operand, `bias`, itself, or a `residual` that it is not;
///                          sub-buffers are seen through. Not when `beta` is given.
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const Tensor& a, const Tensor& b,
                                 const Tensor& out, const MatmulOptions& options = {});

/// The same of matrices whose rows lie any distance apart.
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const MatrixView& a, const MatrixView& b,
                                 const MatrixView& out, const MatmulOptions& options = {});

/// One product for each `a[i]`, `b[i]` and `out[i]`, whose sizes may differ: all are checked before
/// the first is enqueued. Those that lie at equal distances in their buffers run as one batch.
/// @param options  For all; without `residual`.
/// @throws InvalidArgument  also when the numbers of matrices differ, or `residual` is given; names
///                          the product that cannot be.
DOVETAIL_EXPORT void matmul_batched_into(const Stream& stream, std::span<const MatrixView> a,
                                         std::span<const MatrixView> b,
                                         std::span<const MatrixView> out,
                                         const MatmulOptions& options = {});

/// `matmul` on the calling thread's current stream.
inline Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {}) {
  return matmul(current_stream(), a, b, options);
}

}  // namespace dovetail
