// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {
namespace {

std::string both(const GivenMatrix& a, const GivenMatrix& b, const MatmulOptions& options) {
  return fmt::format("[matmul] a {}{} and b {}{}", a.str(),
                     options.transpose_a ? " transposed" : "", b.str(),
                     options.transpose_b ? " transposed" : "");
}

void check_context(const Stream& stream, const char* name, const GivenMatrix& matrix) {
  if (!(matrix.storage.buffer.context() == stream.context())) {
    throw InvalidArgument(fmt::format(
        "[matmul] {} {} belongs to another context than the stream; copy it through the host.",
        name, matrix.str()));
  }
}

void check_dtype(const Stream& stream, const char* name, const GivenMatrix& matrix) {
  switch (matrix.dtype) {
    case DType::f64:
      if (!stream.device().has_extension("cl_khr_fp64")) {
        throw InvalidArgument(
            fmt::format("[matmul] {} {} is float64, which device '{}' does not compute (it has no "
                        "cl_khr_fp64); use float32.",
                        name, matrix.str(), stream.device().name()));
      }
      return;
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::i8:
      return;
    default:
      throw InvalidArgument(fmt::format(
          "[matmul] {} {} is {}; float32, float64, float16, bfloat16 and int8 are multiplied.",
          name, matrix.str(), to_string(matrix.dtype)));
  }
}

DType result_dtype(DType dtype) { return dtype == DType::i8 ? DType::i32 : dtype; }

bool takes_out(DType operands, DType out) {
  const bool is_half = operands == DType::f16 || operands == DType::bf16;
  return out == result_dtype(operands) || (is_half && out == DType::f32);
}

bool is_int32(double value) {
  return std::trunc(value) == value && std::abs(value) <= std::numeric_limits<std::int32_t>::max();
}

/// What int8 products cannot go through.
void check_integral(const GivenMatrix& a, const MatmulOptions& options) {
  if (a.dtype != DType::i8) return;
  if (!is_int32(options.alpha) || !is_int32(options.beta)) {
    throw InvalidArgument(
        fmt::format("[matmul] alpha {} and beta {}: products of int8 are int32, whose factors must "
                    "be whole numbers that fit one.",
                    options.alpha, options.beta));
  }
  if (options.activation != Activation::none && options.activation != Activation::relu) {
    throw InvalidArgument(
        fmt::format("[matmul] activation {} of an int32 result; only relu is defined there.",
                    to_string(options.activation)));
  }
}

void check_strides(const char* name, const GivenMatrix& matrix) {
  if (matrix.row_stride > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(fmt::format("[matmul] {} {}: rows more than {} elements apart.", name,
                                      matrix.str(), std::numeric_limits<std::uint32_t>::max()));
  }
}

MatmulOperand operand(const GivenMatrix& matrix) {
  // A matrix of one row or a batch of one has no stride: what it says must not look like one.
  return {.storage = &matrix.storage,
          .dtype = matrix.dtype,
          .row_stride = static_cast<std::size_t>(matrix.row_stride),
          .batch_stride = matrix.batch == 1 ? 0 : static_cast<std::size_t>(matrix.batch_stride)};
}

/// Whether two matrices share an element; where it is not sure, they do. Blocks of columns of one
/// matrix lie in each other's range of bytes, but share none.
bool share_elements(const GivenMatrix& a, const GivenMatrix& b) {
  if (!overlap(a.storage, b.storage)) return false;
  const auto stride = a.row_stride;
  const bool is_comparable = a.storage.buffer == b.storage.buffer && a.dtype == b.dtype &&
                             stride == b.row_stride && a.batch_stride % stride == 0 &&
                             b.batch_stride % stride == 0 && a.rows * a.columns != 0;
  if (!is_comparable) return true;
  const auto element = size_of(a.dtype);
  if (a.storage.offset % element != 0 || b.storage.offset % element != 0) return true;
  const auto first = [&](const GivenMatrix& matrix) {
    return static_cast<std::int64_t>(matrix.storage.offset / element) % stride;
  };
  const std::int64_t a_first = first(a), b_first = first(b);
  if (a_first + a.columns > stride || b_first + b.columns > stride) return true;
  return a_first < b_first + b.columns && b_first < a_first + a.columns;
}

void check_out(const Stream& stream, const MatmulShape& shape, const GivenMatrix& a,
               const GivenMatrix& b, const GivenMatrix& out) {
  check_context(stream, "out", out);
  check_strides("out", out);
  if (!takes_out(a.dtype, out.dtype)) {
    throw InvalidArgument(
        fmt::format("[matmul] out {} is {}; the product of {} is {}{}.", out.str(),
                    to_string(out.dtype), to_string(a.dtype), to_string(shape.dtype),
                    takes_out(a.dtype, DType::f32) && a.dtype != DType::f32 ? " or float32" : ""));
  }
  if (out.rows != shape.m || out.columns != shape.n || out.batch != shape.batch ||
      out.is_batched != shape.is_batched) {
    const std::string expected = shape.is_batched
                                     ? fmt::format("[{}, {}, {}]", shape.batch, shape.m, shape.n)
                                     : fmt::format("[{}, {}]", shape.m, shape.n);
    throw InvalidArgument(fmt::format("[matmul] out {}: the product of a {} and b {} is {}.",
                                      out.str(), a.str(), b.str(), expected));
  }
  if (out.batch > 1 && out.batch_stride < out.columns + (out.rows - 1) * out.row_stride &&
      out.batch_stride != 0 && out.batch_stride % out.row_stride == 0) {
    throw InvalidArgument(fmt::format("[matmul] out {}: its matrices, {} elements apart, overlap.",
                                      out.str(), out.batch_stride));
  }
  if (out.batch > 1 && out.batch_stride == 0) {
    throw InvalidArgument(fmt::format(
        "[matmul] out {}: all of the batch would be written to one matrix; give a batch_stride.",
        out.str()));
  }
  if (share_elements(out, a) || share_elements(out, b)) {
    throw InvalidArgument(
        "[matmul] out overlaps an operand, which is read while out is written; give other memory.");
  }
}

MatmulOperand check_bias(const Stream& stream, const MatmulShape& shape, const GivenMatrix& out,
                         const Tensor& bias) {
  if (bias.shape() != Shape{shape.n}) {
    throw InvalidArgument(fmt::format("[matmul] bias {}: the result {} takes one of [{}].",
                                      bias.shape().str(), out.str(), shape.n));
  }
  if (bias.dtype() != out.dtype) {
    throw InvalidArgument(fmt::format("[matmul] bias {} is {}, but the result is {}.",
                                      bias.shape().str(), to_string(bias.dtype()),
                                      to_string(out.dtype)));
  }
  if (!(bias.context() == stream.context())) {
    throw InvalidArgument(
        fmt::format("[matmul] bias {} belongs to another context than the stream; copy it through "
                    "the host.",
                    bias.shape().str()));
  }
  if (overlap(bias.storage(), out.storage)) {
    throw InvalidArgument("[matmul] out overlaps bias, which is read while out is written.");
  }
  return {.storage = &bias.storage(), .dtype = bias.dtype()};
}

MatmulOperand check_residual(const Stream& stream, const GivenMatrix& out,
                             const MatrixView& residual) {
  const GivenMatrix given(residual);
  check_context(stream, "residual", given);
  check_strides("residual", given);
  if (given.rows != out.rows || given.columns != out.columns || given.batch != out.batch ||
      given.dtype != out.dtype) {
    throw InvalidArgument(fmt::format("[matmul] residual {} of {}: the result is {} of {}.",
                                      given.str(), to_string(given.dtype), out.str(),
                                      to_string(out.dtype)));
  }
  // In place is fine: each element is read by who writes it.
  const bool is_out = given.storage.buffer == out.storage.buffer &&
                      given.storage.offset == out.storage.offset &&
                      given.row_stride == out.row_stride &&
                      (given.batch == 1 || given.batch_stride == out.batch_stride);
  if (!is_out && share_elements(given, out)) {
    throw InvalidArgument(
        "[matmul] out overlaps residual, which is read while out is written; give other memory, or "
        "out itself.");
  }
  return operand(given);
}

/// A batch that shares b, one under another, is one tall matrix.
void merge_batch(MatmulProblem& p) {
  const auto follow_on = [&](const MatmulOperand& matrix) {
    return !matrix || matrix.batch_stride == p.m * matrix.row_stride;
  };
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
  if (p.batch == 1 || p.b.batch_stride != 0 || p.transpose_a || p.m > most / p.batch ||
      !follow_on(p.a) || !follow_on(p.out) || !follow_on(p.residual)) {
    return;
  }
  p.m *= p.batch;
  p.batch = 1;
  p.a.batch_stride = p.out.batch_stride = p.residual.batch_stride = 0;
}

}  // namespace

GivenMatrix::GivenMatrix(const char* name, const Tensor& tensor)
    : storage(tensor.storage()),
      dtype(tensor.dtype()),
      rows(0),
      columns(0),
      row_stride(0),
      batch(1),
      batch_stride(0),
      is_batched(tensor.rank() == 3) {
  const std::size_t rank = tensor.rank();
  if (rank != 2 && rank != 3) {
    throw InvalidArgument(fmt::format(
        "[matmul] {} {}: must have 2 dimensions, or 3 with the batch first; reshape it.", name,
        tensor.shape().str()));
  }
  rows = tensor.shape()[rank - 2];
  columns = row_stride = tensor.shape()[rank - 1];
  if (is_batched) batch = tensor.shape()[0];
  batch_stride = rows * columns;
}

GivenMatrix::GivenMatrix(const MatrixView& view)
    : storage(view.storage()),
      dtype(view.dtype()),
      rows(view.rows()),
      columns(view.columns()),
      row_stride(view.row_stride()),
      batch(view.batch()),
      batch_stride(view.batch_stride()),
      is_batched(view.batch() != 1) {}

std::string GivenMatrix::str() const {
  std::string text = is_batched ? fmt::format("[{}, {}, {}]", batch, rows, columns)
                                : fmt::format("[{}, {}]", rows, columns);
  if (row_stride != columns) text += fmt::format(" with rows {} apart", row_stride);
  return text;
}

void check_no_beta(const MatmulOptions& options) {
  if (options.beta == 0.0) return;
  throw InvalidArgument(fmt::format(
      "[matmul] beta {}: there is no out yet to be added; use matmul_into.", options.beta));
}

MatmulShape check_operands(const Stream& stream, const GivenMatrix& a, const GivenMatrix& b,
                           const MatmulOptions& options) {
  check_context(stream, "a", a);
  check_context(stream, "b", b);
  check_dtype(stream, "a", a);
  check_dtype(stream, "b", b);
  if (a.dtype != b.dtype) {
    throw InvalidArgument(fmt::format("{}: dtypes {} and {} differ; cast one.", both(a, b, options),
                                      to_string(a.dtype), to_string(b.dtype)));
  }
  check_strides("a", a);
  check_strides("b", b);
  check_integral(a, options);
  const std::int64_t m = options.transpose_a ? a.columns : a.rows;
  const std::int64_t k = options.transpose_a ? a.rows : a.columns;
  const std::int64_t b_k = options.transpose_b ? b.columns : b.rows;
  const std::int64_t n = options.transpose_b ? b.rows : b.columns;
  if (k != b_k) {
    throw InvalidArgument(
        fmt::format("{}: inner sizes {} and {} differ.", both(a, b, options), k, b_k));
  }
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (std::max({m, n, k, a.batch, b.batch}) > most) {
    throw InvalidArgument(
        fmt::format("{}: a size above {}; split the product.", both(a, b, options), most));
  }
  if (a.is_batched && b.is_batched && a.batch != b.batch) {
    throw InvalidArgument(
        fmt::format("{}: batches {} and {} differ.", both(a, b, options), a.batch, b.batch));
  }
  return {.batch = a.is_batched ? a.batch : b.batch,
          .m = m,
          .n = n,
          .k = k,
          .is_batched = a.is_batched || b.is_batched,
          .dtype = result_dtype(a.dtype)};
}

std::optional<MatmulProblem> check_problem(const Stream& stream, const MatmulShape& shape,
                                           const GivenMatrix& a, const GivenMatrix& b,
                                           const GivenMatrix& out, const MatmulOptions& options) {
  check_out(stream, shape, a, b, out);
  MatmulProblem problem{.batch = static_cast<std::size_t>(shape.batch),
                        .m = static_cast<std::size_t>(shape.m),
                        .n = static_cast<std::size_t>(shape.n),
                        .k = static_cast<std::size_t>(shape.k),
                        .transpose_a = options.transpose_a,
                        .transpose_b = options.transpose_b,
                        .a = operand(a),
                        .b = operand(b),
                        .out = operand(out),
                        .alpha = options.alpha,
                        .beta = options.beta,
                        .bias = {},
                        .residual = {},
                        .activation = options.activation};
  if (options.bias) problem.bias = check_bias(stream, shape, out, *options.bias);
  if (options.residual) problem.residual = check_residual(stream, out, *options.residual);
  if (problem.batch == 0 || problem.m == 0 || problem.n == 0) return std::nullopt;
  merge_batch(problem);
  return problem;
}

}  // namespace dovetail::detail
