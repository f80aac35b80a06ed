// SPDX-License-Identifier: Apache-2.0
// Matrix products, by a vendor library or by Dovetail's own kernels.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/ops/epilogue.hpp"
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

/// Returns "automatic", "clblast", "kernel" or "reference"; "unknown" for a value that is no
/// backend.
DOVETAIL_EXPORT std::string_view to_string(MatmulBackend backend) noexcept;

/// Returns the backend of that name, or nothing.
[[nodiscard]] DOVETAIL_EXPORT std::optional<MatmulBackend> matmul_backend_named(
    std::string_view name) noexcept;

/// Returns the backends in this build of the library, `automatic` first.
[[nodiscard]] DOVETAIL_EXPORT const std::vector<MatmulBackend>& matmul_backends();

/// How a product is computed, and how its operands are stored.
struct MatmulOptions {
  MatmulBackend backend = MatmulBackend::automatic;
  bool transpose_a = false;  ///< `a` is stored as [k, m].
  bool transpose_b = false;  ///< `b` is stored as [n, k].
};

/// Multiplies matrices: out = activation(alpha op(a) op(b) + bias + residual), where op transposes
/// or not.
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order. No
/// workspace is shared by two calls.
/// Operands may be views. Where neither rows nor columns of one are contiguous, it is copied first.
/// @param a  Shape [m, k], or [batch, m, k]; see MatmulOptions for transposes. float32, float64,
///           float16, bfloat16 or int8. The 16-bit floats are multiplied and added up in float32,
///           int8 in int32; rounding comes last, after the epilogue.
/// @param b  Shape [k, n], or [batch, k, n], of the same dtype. Where only one of the two has a
///           batch, the other's matrix serves all of it.
/// @return   New tensor, shape [m, n] or [batch, m, n], of the operands' dtype, or int32 for int8.
///           As in BLAS, the product is all zeros if k is 0; if another size is 0, it is empty.
/// @throws InvalidArgument  inner sizes, batches, dtypes or contexts differ; a dtype that is not
///                          multiplied, or not by this device; a size above 2^31 - 1; `bias` or
///                          `residual` does not fit; int8 with factors or an activation that int32
///                          has not; an unknown backend or activation.
/// @throws VendorError      the vendor library fails, does not offer this, or is not in this build.
/// @throws CaptureError     the stream captures, and the vendor library was asked for.
/// @throws OutOfMemory      the output or a workspace cannot be allocated.
/// @throws BuildError       the driver's compiler fails.
/// @throws CommandError     the stream, or a command that made an operand, has failed.
/// @throws OpenCLError      the driver refuses a call.
/// Thread-safe: the vendor library's first use, which is not, is guarded.
[[nodiscard]] DOVETAIL_EXPORT Tensor matmul(const Stream& stream, const Tensor& a, const Tensor& b,
                                            const MatmulOptions& options = {},
                                            const Epilogue& epilogue = {});

/// Multiplies matrices whose rows lie any distance apart into a new tensor.
/// @throws InvalidArgument  the operands, options or epilogue do not fit each other, as for
/// tensors.
[[nodiscard]] DOVETAIL_EXPORT Tensor matmul(const Stream& stream, const MatrixView& a,
                                            const MatrixView& b, const MatmulOptions& options = {},
                                            const Epilogue& epilogue = {});

/// Multiplies into memory that exists and overlaps neither operand:
/// out = activation(alpha op(a) op(b) + beta out + bias + residual).
/// @param out  [m, n] or [batch, m, n], of the result's dtype, or float32 where the operands are
///             16-bit floats. Where its rows are not contiguous, the product goes into other memory
///             first.
/// @throws InvalidArgument  the operands do not fit each other; the shape or dtype of `out` is not
///                          the result's; or `out` overlaps a, b or bias, its matrices overlap each
///                          other, or it partly overlaps `residual`. Sub-buffers are compared by
///                          their parent's bytes.
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const Tensor& a, const Tensor& b,
                                 const Tensor& out, const MatmulOptions& options = {},
                                 const EpilogueInto& epilogue = {});

/// Multiplies matrices whose rows lie any distance apart into another such matrix.
/// @throws InvalidArgument  as for tensors.
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const MatrixView& a, const MatrixView& b,
                                 const MatrixView& out, const MatmulOptions& options = {},
                                 const EpilogueInto& epilogue = {});

/// Computes one product for each `a[i]`, `b[i]` and `out[i]`, whose sizes may differ. All are
/// checked before the first is enqueued. Those that lie at equal distances in their buffers run as
/// one batch.
/// @param epilogue  Of every product; matrix i of the batch `residual` is added to product i.
/// @throws InvalidArgument  the numbers of matrices differ, or a product cannot be; names which.
DOVETAIL_EXPORT void matmul_batched_into(const Stream& stream, std::span<const MatrixView> a,
                                         std::span<const MatrixView> b,
                                         std::span<const MatrixView> out,
                                         const MatmulOptions& options = {},
                                         const EpilogueInto& epilogue = {});

/// Appends to the calling thread's current stream.
/// @{
[[nodiscard]] inline Tensor matmul(const Tensor& a, const Tensor& b,
                                   const MatmulOptions& options = {},
                                   const Epilogue& epilogue = {}) {
  return matmul(current_stream(), a, b, options, epilogue);
}
[[nodiscard]] inline Tensor matmul(const MatrixView& a, const MatrixView& b,
                                   const MatmulOptions& options = {},
                                   const Epilogue& epilogue = {}) {
  return matmul(current_stream(), a, b, options, epilogue);
}
inline void matmul_into(const Tensor& a, const Tensor& b, const Tensor& out,
                        const MatmulOptions& options = {}, const EpilogueInto& epilogue = {}) {
  matmul_into(current_stream(), a, b, out, options, epilogue);
}
inline void matmul_into(const MatrixView& a, const MatrixView& b, const MatrixView& out,
                        const MatmulOptions& options = {}, const EpilogueInto& epilogue = {}) {
  matmul_into(current_stream(), a, b, out, options, epilogue);
}
inline void matmul_batched_into(std::span<const MatrixView> a, std::span<const MatrixView> b,
                                std::span<const MatrixView> out, const MatmulOptions& options = {},
                                const EpilogueInto& epilogue = {}) {
  matmul_batched_into(current_stream(), a, b, out, options, epilogue);
}
/// @}

}  // namespace dovetail
