// SPDX-License-Identifier: Apache-2.0
// Copies of tensors, which make views contiguous.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// Copies a tensor of any layout and dtype into a new one, which is contiguous.
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order.
/// @param a  Any layout and dtype; may be empty.
/// @return   New tensor of the shape and dtype of `a`.
/// @throws InvalidArgument  `a` or the stream was moved from, or the stream belongs to another
///                          context.
/// @throws OutOfMemory      the device has too little memory.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor copy(const Stream& stream, const Tensor& a);

/// Copies a tensor into one that exists, and repeats dimensions of size 1 as `broadcast_to` does.
///
/// If the two share memory, the result is as if `a` had been read before `out` was written.
/// @param out  The dtype of `a`; any layout in which no two elements share memory.
/// @throws InvalidArgument  the dtypes differ, the shape of `a` cannot grow to that of `out`, two
///                          elements of `out` may share memory, a tensor or the stream was moved
///                          from, or a tensor belongs to another context than the stream.
/// Thread-safe.
DOVETAIL_EXPORT void copy_into(const Stream& stream, const Tensor& a, const Tensor& out);

/// Returns the tensor itself if it is contiguous, else a copy that is; throws as `copy` does.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor contiguous(const Stream& stream, const Tensor& a);

/// Returns the elements, in row-major order, in another shape: a view where strides can express it,
/// else a view of a copy. Throws as `copy` does.
/// @throws InvalidArgument  the number of elements differs.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor reshape(const Stream& stream, const Tensor& a,
                                             const Shape& shape);

/// Appends to the calling thread's current stream.
/// @{
[[nodiscard]] inline Tensor copy(const Tensor& a) { return copy(current_stream(), a); }
inline void copy_into(const Tensor& a, const Tensor& out) { copy_into(current_stream(), a, out); }
[[nodiscard]] inline Tensor contiguous(const Tensor& a) { return contiguous(current_stream(), a); }
[[nodiscard]] inline Tensor reshape(const Tensor& a, const Shape& shape) {
  return reshape(current_stream(), a, shape);
}
/// @}

}  // namespace dovetail
