// SPDX-License-Identifier: Apache-2.0
// Softmax over the last axis.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// Computes out[..., j] = exp(a[..., j] - max) / sum over j of exp(a[..., j] - max), max taken over
/// j.
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order. A row
/// that holds NaN, or only -infinity, gives NaN.
/// @param a  float32, any layout, at least one dimension; may be empty. A view is copied first.
/// @return   New tensor, float32, the shape of `a`.
/// @throws InvalidArgument  another dtype, no dimension, or the stream belongs to another context.
/// Thread-safe. Subtracting the maximum keeps exp from overflowing.
[[nodiscard]] DOVETAIL_EXPORT Tensor softmax(const Stream& stream, const Tensor& a);

/// Computes the softmax over the last axis into a tensor that exists; `out` may be `a` itself, or
/// share memory with it at the price of a copy.
/// @throws InvalidArgument  the shape of `out` is not that of `a`, another dtype, no dimension, or
///                          a tensor belongs to another context than the stream.
/// Thread-safe.
DOVETAIL_EXPORT void softmax_into(const Stream& stream, const Tensor& a, const Tensor& out);

/// Appends to the calling thread's current stream.
/// @{
[[nodiscard]] inline Tensor softmax(const Tensor& a) { return softmax(current_stream(), a); }
inline void softmax_into(const Tensor& a, const Tensor& out) {
  softmax_into(current_stream(), a, out);
}
/// @}

}  // namespace dovetail
