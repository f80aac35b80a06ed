// SPDX-License-Identifier: Apache-2.0
// Matrix products, by a vendor library or by Dovetail's own kernels.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dovetail/core/device.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

enum class MatmulBackend {
  automatic,  ///< The one that measured fastest over most shapes; for now `kernel` everywhere.
  clblast,    ///< CLBlast, the vendor library, in the stream's own queue.
  kernel,     ///< Dovetail's kernels.
  reference,  ///< One plain kernel that sums in double where the device can: slow and trusted.
};

/// "automatic", "clblast", "kernel" or "reference".
DOVETAIL_EXPORT std::string_view to_string(MatmulBackend backend) noexcept;

/// The backend of that name, if there is one.
DOVETAIL_EXPORT std::optional<MatmulBackend> matmul_backend(std::string_view name) noexcept;

/// The backends in this build of the library, `automatic` first.
DOVETAIL_EXPORT const std::vector<MatmulBackend>& matmul_backends();

struct MatmulOptions {
  MatmulBackend backend = MatmulBackend::automatic;
  bool transpose_a = false;  ///< `a` is stored as [k, m].
  bool transpose_b = false;  ///< `b` is stored as [n, k].
};

/// Multiplies matrices: out[i, j] = sum over p of a[i, p] * b[p, j].
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order. The
/// output and the backend's workspace are allocated first; no workspace is shared by two calls.
/// @param a  float32, shape [m, k], or [batch, m, k]; see MatmulOptions for transposes.
/// @param b  float32, shape [k, n], or [batch, k, n], the same number of dimensions as `a`.
/// @return   New tensor, float32, shape [m, n] or [batch, m, n]. A size of 0 is answered as BLAS
///           does: with k = 0 the result is zeros, with any other it is empty.
/// @throws InvalidArgument  inner sizes, batches, dtypes or contexts differ.
/// @throws VendorError      the vendor library fails, or is not in this build.
/// Thread-safe: the vendor library's first use, which is not, is guarded.
DOVETAIL_EXPORT Tensor matmul(const Stream& stream, const Tensor& a, const Tensor& b,
                              const MatmulOptions& options = {});

/// `matmul` into a tensor that exists and overlaps neither operand.
/// @throws InvalidArgument  also when the shape of `out` is not the result's, or `out` overlaps an
///                          operand, sub-buffers seen through.
DOVETAIL_EXPORT void matmul_into(const Stream& stream, const Tensor& a, const Tensor& b,
                                 const Tensor& out, const MatmulOptions& options = {});

/// `matmul` on the calling thread's current stream.
inline Tensor matmul(const Tensor& a, const Tensor& b, const MatmulOptions& options = {}) {
  return matmul(current_stream(), a, b, options);
}

}  // namespace dovetail
