// SPDX-License-Identifier: Apache-2.0
// Element-wise operations. ops/operations.def lists them.
#pragma once

#include <string_view>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// Operations of one operand; ops/operations.def has the formula of each.
enum class UnaryOperation {
#define DOVETAIL_UNARY(name, value) name,
#include "dovetail/ops/operations.def"
};

/// Operations of two operands; ops/operations.def has the formula of each.
enum class BinaryOperation {
#define DOVETAIL_BINARY(name, value) name,
#include "dovetail/ops/operations.def"
};

/// Returns the enumerator's name, or "unknown" for a value that is no enumerator.
/// @{
DOVETAIL_EXPORT std::string_view to_string(UnaryOperation operation) noexcept;
DOVETAIL_EXPORT std::string_view to_string(BinaryOperation operation) noexcept;
/// @}

/// Computes out[i] = operation(a[i]).
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order.
/// NaN gives NaN, also in relu.
/// @param a  float32, any shape and layout; may be empty.
/// @return   New tensor, float32, the shape of `a`.
/// @throws InvalidArgument  another dtype, an unknown operation, or the stream belongs to another
///                          context.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor unary(const Stream& stream, UnaryOperation operation,
                                           const Tensor& a);

/// Computes out[i] = operation(a[i]) into a tensor that exists. If it shares memory with `a`, the
/// result is as if `a` had been read first; `a` itself costs nothing, a part of it a copy.
/// @throws InvalidArgument  the shape of `out` is not that of `a`, two elements of `out` may share
///                          memory, another dtype, an unknown operation, or a tensor belongs to
///                          another context than the stream.
/// Thread-safe.
DOVETAIL_EXPORT void unary_into(const Stream& stream, UnaryOperation operation, const Tensor& a,
                                const Tensor& out);

/// Computes out[i] = operation(a[i], b[i]).
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order.
/// @param a, b  float32, any layout, of shapes that broadcast as NumPy's do: sizes are compared
///              from the innermost on, and those of 1 repeated. May be empty.
/// @return      New tensor, float32, of the common shape.
/// @throws InvalidArgument  another dtype, shapes without a common one, an unknown operation, or
///                          the stream or one of the tensors belongs to another context.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor binary(const Stream& stream, BinaryOperation operation,
                                            const Tensor& a, const Tensor& b);

/// Computes out[i] = operation(a[i], b[i]) into a tensor that exists. If it shares memory with an
/// operand, the result is as if that had been read first; the operand itself costs nothing, a part
/// of it a copy.
/// @throws InvalidArgument  the shape of `out` is not the common one, two elements of `out` may
///                          share memory, another dtype, an unknown operation, or a tensor belongs
///                          to another context than the stream.
/// Thread-safe.
DOVETAIL_EXPORT void binary_into(const Stream& stream, BinaryOperation operation, const Tensor& a,
                                 const Tensor& b, const Tensor& out);

/// Appends to the calling thread's current stream.
/// @{
[[nodiscard]] inline Tensor unary(UnaryOperation operation, const Tensor& a) {
  return unary(current_stream(), operation, a);
}
inline void unary_into(UnaryOperation operation, const Tensor& a, const Tensor& out) {
  unary_into(current_stream(), operation, a, out);
}
[[nodiscard]] inline Tensor binary(BinaryOperation operation, const Tensor& a, const Tensor& b) {
  return binary(current_stream(), operation, a, b);
}
inline void binary_into(BinaryOperation operation, const Tensor& a, const Tensor& b,
                        const Tensor& out) {
  binary_into(current_stream(), operation, a, b, out);
}
/// @}

/// Calls `unary` or `binary` with the operation of this name.
/// @{
#define DOVETAIL_UNARY(name, value)                                         \
  [[nodiscard]] inline Tensor name(const Stream& stream, const Tensor& a) { \
    return unary(stream, UnaryOperation::name, a);                          \
  }                                                                         \
  [[nodiscard]] inline Tensor name(const Tensor& a) { return unary(UnaryOperation::name, a); }
#define DOVETAIL_BINARY(name, value)                                                         \
  [[nodiscard]] inline Tensor name(const Stream& stream, const Tensor& a, const Tensor& b) { \
    return binary(stream, BinaryOperation::name, a, b);                                      \
  }                                                                                          \
  [[nodiscard]] inline Tensor name(const Tensor& a, const Tensor& b) {                       \
    return binary(BinaryOperation::name, a, b);                                              \
  }
#include "dovetail/ops/operations.def"
/// @}

}  // namespace dovetail
