// SPDX-License-Identifier: Apache-2.0
// Softmax over the last axis.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// out[..., j] = exp(a[..., j] - max) / sum over j of exp(a[..., j] - max), max taken over j.
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order. A row
/// that holds NaN, or only -infinity, gives NaN.
/// @param a  float32, at least one dimension; may be empty.
/// @return   New tensor, float32, the shape of `a`.
/// @throws InvalidArgument  another dtype, no dimension, or the stream belongs to another context.
/// Thread-safe. Subtracting the maximum keeps exp from overflowing.
DOVETAIL_EXPORT Tensor softmax(const Stream& stream, const Tensor& a);

/// The same on the calling thread's current stream.
inline Tensor softmax(const Tensor& a) { return softmax(current_stream(), a); }

}  // namespace dovetail
