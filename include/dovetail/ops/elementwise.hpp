// SPDX-License-Identifier: Apache-2.0
// Element-wise operations.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// Operations on one operand.
enum class UnaryOperation { negate, absolute, exp, log, sqrt, tanh, relu, silu };
/// Operations on two operands.
enum class BinaryOperation { add, subtract, multiply, divide, maximum, minimum };

/// out[i] = operation(a[i]).
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order.
/// NaN gives NaN, also in relu.
/// @param a  float32, any shape; may be empty.
/// @return   New tensor, float32, the shape of `a`.
/// @throws InvalidArgument  another dtype, an unknown operation, or the stream belongs to another
///                          context.
/// Thread-safe.
DOVETAIL_EXPORT Tensor unary(const Stream& stream, UnaryOperation operation, const Tensor& a);

/// `unary` into a tensor that exists; `out` may be `a` itself.
/// @throws InvalidArgument  also when the shape of `out` is not that of `a`.
DOVETAIL_EXPORT void unary_into(const Stream& stream, UnaryOperation operation, const Tensor& a,
                                const Tensor& out);

/// out[i] = operation(a[i], b[i]).
///
/// Appends to `stream` and returns before the work runs; the result is valid in stream order.
/// maximum and minimum are IEEE 754's: NaN where an operand is NaN, and -0 is less than +0.
/// @param a, b  float32, of one shape; may be empty.
/// @return      New tensor, float32, of that shape.
/// @throws InvalidArgument  another dtype, different shapes, an unknown operation, or the stream or
///                          one of the tensors belongs to another context.
/// Thread-safe.
DOVETAIL_EXPORT Tensor binary(const Stream& stream, BinaryOperation operation, const Tensor& a,
                              const Tensor& b);

/// `binary` into a tensor that exists; `out` may be `a` or `b` itself.
/// @throws InvalidArgument  also when the shape of `out` is not that of the operands.
DOVETAIL_EXPORT void binary_into(const Stream& stream, BinaryOperation operation, const Tensor& a,
                                 const Tensor& b, const Tensor& out);

/// @{
/// Calls `unary` or `binary` with the operation of this name.
inline Tensor add(const Stream& stream, const Tensor& a, const Tensor& b) {
  return binary(stream, BinaryOperation::add, a, b);
}
inline Tensor subtract(const Stream& stream, const Tensor& a, const Tensor& b) {
  return binary(stream, BinaryOperation::subtract, a, b);
}
inline Tensor multiply(const Stream& stream, const Tensor& a, const Tensor& b) {
  return binary(stream, BinaryOperation::multiply, a, b);
}
inline Tensor divide(const Stream& stream, const Tensor& a, const Tensor& b) {
  return binary(stream, BinaryOperation::divide, a, b);
}
inline Tensor relu(const Stream& stream, const Tensor& a) {
  return unary(stream, UnaryOperation::relu, a);
}
inline Tensor exp(const Stream& stream, const Tensor& a) {
  return unary(stream, UnaryOperation::exp, a);
}
/// @}

/// @{
/// Runs the operation on the calling thread's current stream.
inline Tensor unary(UnaryOperation operation, const Tensor& a) {
  return unary(current_stream(), operation, a);
}
inline Tensor binary(BinaryOperation operation, const Tensor& a, const Tensor& b) {
  return binary(current_stream(), operation, a, b);
}
inline Tensor add(const Tensor& a, const Tensor& b) { return add(current_stream(), a, b); }
inline Tensor subtract(const Tensor& a, const Tensor& b) {
  return subtract(current_stream(), a, b);
}
inline Tensor multiply(const Tensor& a, const Tensor& b) {
  return multiply(current_stream(), a, b);
}
inline Tensor divide(const Tensor& a, const Tensor& b) { return divide(current_stream(), a, b); }
inline Tensor relu(const Tensor& a) { return relu(current_stream(), a); }
inline Tensor exp(const Tensor& a) { return exp(current_stream(), a); }
/// @}

}  // namespace dovetail
