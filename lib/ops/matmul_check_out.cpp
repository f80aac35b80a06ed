// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_check_out.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/stream/moved_buffer.hpp"

namespace dovetail::detail {
namespace {

bool takes_out(DType operands, DType out) {
  const bool is_half = operands == DType::f16 || operands == DType::bf16;
  return out == result_dtype(operands) || (is_half && out == DType::f32);
}

void check_shape(const MatmulShape& shape, const GivenMatrix& a, const GivenMatrix& b,
                 const GivenMatrix& out) {
  if (out.rows != shape.m || out.columns != shape.n || out.batch != shape.batch ||
      out.is_batched != shape.is_batched) {
    const std::string expected = shape.is_batched
                                     ? fmt::format("[{}, {}, {}]", shape.batch, shape.m, shape.n)
                                     : fmt::format("[{}, {}]", shape.m, shape.n);
    throw InvalidArgument(
        fmt::format("[matmul] out {}: the product of a {} and b {} is {}; give an out of that "
                    "shape.",
                    out.str(), a.str(), b.str(), expected));
  }
}

[[noreturn]] void refuse_overlap(const GivenMatrix& out, const std::string& with) {
  throw InvalidArgument(
      fmt::format("[matmul] out {} overlaps {}, which is read while out is written, or lies among "
                  "its rows so that the two cannot be told apart; give other memory.",
                  out.str(), with));
}

}  // namespace

DType result_dtype(DType operands) noexcept {
  return operands == DType::i8 ? DType::i32 : operands;
}

void check_out(const Stream& stream, const MatmulShape& shape, const GivenMatrix& a,
               const GivenMatrix& b, const GivenMatrix& out) {
  check_place(stream, "matmul", "out", out);
  if (!takes_out(a.dtype, out.dtype)) {
    throw InvalidArgument(
        fmt::format("[matmul] out {} is {}; the product of {} is {}{}.", out.str(),
                    to_string(out.dtype), to_string(a.dtype), to_string(shape.dtype),
                    takes_out(a.dtype, DType::f32) && a.dtype != DType::f32 ? " or float32" : ""));
  }
  check_shape(shape, a, b, out);
  if (out.batch > 1 && out.batch_stride == 0 && out.rows * out.columns != 0) {
    throw InvalidArgument(fmt::format(
        "[matmul] out {}: all of the batch would be written to one matrix; give a batch_stride.",
        out.str()));
  }
  if (overlaps_itself(out)) {
    throw InvalidArgument(
        fmt::format("[matmul] out {}: its matrices, {} elements apart, overlap; "
                    "give a larger batch_stride.",
                    out.str(), out.batch_stride));
  }
  if (share_elements(out, a)) refuse_overlap(out, "a " + a.str());
  if (share_elements(out, b)) refuse_overlap(out, "b " + b.str());
}

MatmulOperand check_bias(const Stream& stream, const MatmulShape& shape, const GivenMatrix& out,
                         const Tensor& bias) {
  check_operand_not_moved_from("matmul", "bias", bias.storage().buffer);
  if (bias.shape() != Shape{shape.n}) {
    throw InvalidArgument(
        fmt::format("[matmul] bias {}: the result {} takes one of [{}]; reshape it.",
                    bias.shape().str(), out.str(), shape.n));
  }
  if (bias.dtype() != out.dtype) {
    throw InvalidArgument(fmt::format("[matmul] bias {} is {}, but the result {} is {}; cast it.",
                                      bias.shape().str(), to_string(bias.dtype()), out.str(),
                                      to_string(out.dtype)));
  }
  if (!(bias.context() == stream.context())) {
    throw InvalidArgument(
        fmt::format("[matmul] bias {} belongs to another context than the stream; copy it through "
                    "the host.",
                    bias.shape().str()));
  }
  if (overlap(bias.storage(), out.storage)) refuse_overlap(out, "bias " + bias.shape().str());
  return {.storage = &bias.storage(), .dtype = bias.dtype()};
}

MatmulOperand check_residual(const Stream& stream, const GivenMatrix& out,
                             const MatrixView& residual) {
  const GivenMatrix given(residual);
  check_place(stream, "matmul", "residual", given);
  if (given.rows != out.rows || given.columns != out.columns || given.batch != out.batch ||
      given.dtype != out.dtype) {
    throw InvalidArgument(
        fmt::format("[matmul] residual {} of {}: the result is {} of {}; give "
                    "one of that shape and dtype.",
                    given.str(), to_string(given.dtype), out.str(), to_string(out.dtype)));
  }
  // In place is fine: each element is read by who writes it.
  const bool is_out = given.storage.buffer == out.storage.buffer &&
                      given.storage.offset == out.storage.offset &&
                      given.row_stride == out.row_stride &&
                      (given.batch == 1 || given.batch_stride == out.batch_stride);
  if (!is_out && share_elements(given, out)) refuse_overlap(out, "residual " + given.str());
  return given.operand();
}

}  // namespace dovetail::detail
