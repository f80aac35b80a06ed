// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/problem/check_out.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/ops/matmul/problem/check.hpp"
#include "lib/ops/matmul/problem/overlap.hpp"
#include "lib/stream/moved_buffer.hpp"

namespace dovetail::detail {
namespace {

bool takes_out(DType operands, DType out) {
  const bool is_half = operands == DType::f16 || operands == DType::bf16;
  return out == result_dtype(operands) || (is_half && out == DType::f32);
}

bool has_shape(const MatrixView& out, const MatmulSizes& s, bool is_batched) {
  return out.is_batched() == is_batched && out.batch() == (is_batched ? s.batch : 1) &&
         out.rows() == s.m && out.columns() == s.n;
}

[[noreturn]] void refuse_overlap(const MatrixView& out, const std::string& with) {
  throw InvalidArgument(
      fmt::format("[matmul] out {} overlaps {}, which is read while out is written, or lies among "
                  "its rows so that the two cannot be told apart; give other memory.",
                  out.str(), with));
}

void check_bias(const Stream& stream, const MatrixView& out, const Tensor& bias) {
  check_operand_not_moved_from("matmul", "bias", bias.storage().buffer);
  if (bias.shape() != Shape{out.columns()}) {
    throw InvalidArgument(
        fmt::format("[matmul] bias {}: the result {} takes one of [{}]; reshape it.",
                    bias.shape().str(), out.str(), out.columns()));
  }
  if (!bias.is_contiguous()) {
    throw InvalidArgument(
        fmt::format("[matmul] bias {}: its elements must follow each other; make "
                    "it contiguous().",
                    bias.layout().str()));
  }
  if (bias.dtype() != out.dtype()) {
    throw InvalidArgument(fmt::format("[matmul] bias {} is {}, but the result {} is {}; cast it.",
                                      bias.shape().str(), to_string(bias.dtype()), out.str(),
                                      to_string(out.dtype())));
  }
  if (!(bias.context() == stream.context())) {
    throw InvalidArgument(
        fmt::format("[matmul] bias {} belongs to another context than the stream; copy it through "
                    "the host.",
                    bias.shape().str()));
  }
  if (overlap(bias.storage(), out.storage())) refuse_overlap(out, "bias " + bias.shape().str());
}

void check_residual(const Stream& stream, const MatrixView& out, const MatrixView& residual) {
  check_place(stream, "matmul", "residual", residual);
  if (residual.rows() != out.rows() || residual.columns() != out.columns() ||
      residual.batch() != out.batch() || residual.dtype() != out.dtype()) {
    throw InvalidArgument(fmt::format(
        "[matmul] residual {} of {}: the result is {} of {}; give one of that shape and "
        "dtype.",
        residual.str(), to_string(residual.dtype()), out.str(), to_string(out.dtype())));
  }
  // In place is fine: each element is read by who writes it.
  const bool is_out = residual.storage().buffer == out.storage().buffer &&
                      residual.storage().offset == out.storage().offset &&
                      residual.row_stride() == out.row_stride() &&
                      (residual.batch() == 1 || residual.batch_stride() == out.batch_stride());
  if (!is_out && share_elements(residual, out)) refuse_overlap(out, "residual " + residual.str());
}

}  // namespace

DType result_dtype(DType operands) noexcept {
  return operands == DType::i8 ? DType::i32 : operands;
}

void check_out(const Stream& stream, const MatmulSizes& sizes, const MatrixView& a,
               const MatrixView& b, const MatrixView& out) {
  check_place(stream, "matmul", "out", out);
  if (!takes_out(a.dtype(), out.dtype())) {
    throw InvalidArgument(fmt::format(
        "[matmul] out {} is {}; the product of {} is {}{}.", out.str(), to_string(out.dtype()),
        to_string(a.dtype()), to_string(result_dtype(a.dtype())),
        takes_out(a.dtype(), DType::f32) && a.dtype() != DType::f32 ? " or float32" : ""));
  }
  if (!has_shape(out, sizes, a.is_batched() || b.is_batched())) {
    throw InvalidArgument(fmt::format(
        "[matmul] out {}: the product of a {} and b {} is {}; give an out of that shape.",
        out.str(), a.str(), b.str(), result_shape(a, b, sizes).str()));
  }
  if (out.batch() > 1 && out.batch_stride() == 0 && out.rows() * out.columns() != 0) {
    throw InvalidArgument(fmt::format(
        "[matmul] out {}: all of the batch would be written to one matrix; give a batch_stride.",
        out.str()));
  }
  if (overlaps_itself(out)) {
    throw InvalidArgument(
        fmt::format("[matmul] out {}: its matrices, {} elements apart, overlap; give a larger "
                    "batch_stride.",
                    out.str(), out.batch_stride()));
  }
  if (share_elements(out, a)) refuse_overlap(out, "a " + a.str());
  if (share_elements(out, b)) refuse_overlap(out, "b " + b.str());
}

void check_epilogue(const Stream& stream, const MatrixView& out, const EpilogueInto& epilogue) {
  if (epilogue.bias) check_bias(stream, out, *epilogue.bias);
  if (epilogue.residual) check_residual(stream, out, *epilogue.residual);
}

}  // namespace dovetail::detail
