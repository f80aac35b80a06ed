// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/drawn_matrices.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>

namespace dovetail::test {
namespace {

constexpr std::int64_t behind = 11;  // elements of poison behind each matrix

/// Makes a matrix with memory of its own.
HostMatrix lay_out(const DrawnProduct& c, DType dtype, std::int64_t rows, std::int64_t columns,
                   std::int64_t batch) {
  HostMatrix matrix{.memory = nullptr,
                    .dtype = dtype,
                    .rows = rows,
                    .columns = columns,
                    .row_stride = columns,
                    .batch = batch,
                    .batch_stride = rows * columns,
                    .offset = c.offset};
  if (c.layout == LayoutKind::heads && batch > 1) {
    matrix.batch_stride = columns + c.gap;
    matrix.row_stride = batch * matrix.batch_stride;
  } else if (c.layout != LayoutKind::packed) {
    matrix.row_stride = columns + c.gap;
    matrix.batch_stride = rows * matrix.row_stride + c.gap;
  }
  matrix.memory =
      poisoned(c.offset + rows * matrix.row_stride + batch * matrix.batch_stride + behind, dtype);
  return matrix;
}

/// Makes a, out and residual blocks of columns of one matrix.
void lay_out_in_one(const DrawnProduct& c, DrawnMatrices& matrices) {
  const std::int64_t stride = c.k + 2 * c.n + 3 * c.gap;
  const auto memory =
      poisoned(c.offset + std::max<std::int64_t>(c.batch, 1) * c.m * stride + behind, c.out);
  std::int64_t column = c.offset;
  for (HostMatrix* matrix : {&matrices.a, &matrices.out, &matrices.residual}) {
    matrix->memory = memory;
    matrix->row_stride = stride;
    matrix->batch_stride = c.m * stride;
    matrix->offset = column;
    column += matrix->columns + c.gap;
  }
  // All three blocks begin in one row of the wide matrix.
  for (HostMatrix* matrix : {&matrices.a, &matrices.out, &matrices.residual}) {
    matrix->offset += stride - c.offset % stride;
  }
  memory->resize(memory->size() + static_cast<std::size_t>(2 * stride) * size_of(c.out),
                 std::byte{0xff});
}

void fill(std::mt19937& generator, const HostMatrix& matrix) {
  for (std::int64_t index = 0; index < matrix.batch; ++index) {
    for (std::int64_t row = 0; row < matrix.rows; ++row) {
      for (std::int64_t column = 0; column < matrix.columns; ++column) {
        matrix.set(index, row, column, draw_value(generator, matrix.dtype));
      }
    }
  }
}

void set(const HostMatrix& matrix, bool transposed, std::int64_t index, std::int64_t i,
         std::int64_t j, double value) {
  return transposed ? matrix.set(index, j, i, value) : matrix.set(index, i, j, value);
}

/// Makes the second half of each sum nearly cancel the first; terms differ in size.
void let_cancel(const DrawnProduct& c, const DrawnMatrices& matrices) {
  const bool is_wide = c.in == DType::f32 || c.in == DType::f64;
  const std::int64_t half = c.k / 2;
  const auto scale = [&](std::int64_t p) { return is_wide ? std::exp2(p % 17 - 8) : 1.0; };
  for (std::int64_t p = 0; p < half; ++p) {
    for (std::int64_t index = 0; index < matrices.a.batch; ++index) {
      for (std::int64_t i = 0; i < c.m; ++i) {
        const double value = element_at(matrices.a, c.transpose_a, index, i, p) * scale(p);
        set(matrices.a, c.transpose_a, index, i, p, value);
        set(matrices.a, c.transpose_a, index, i, half + p, value);
      }
    }
    for (std::int64_t index = 0; index < matrices.b.batch; ++index) {
      for (std::int64_t j = 0; j < c.n; ++j) {
        const double value = element_at(matrices.b, c.transpose_b, index, p, j);
        const double back = c.in == DType::i8 ? std::min(-value, 127.0) : -value * (1 - 0x1p-9);
        set(matrices.b, c.transpose_b, index, half + p, j, back);
      }
    }
  }
}

/// Writes `value` to a random element.
void strew(std::mt19937& generator, const HostMatrix& matrix, double value) {
  if (matrix.rows * matrix.columns * matrix.batch == 0) return;
  matrix.set(generator() % matrix.batch, generator() % matrix.rows, generator() % matrix.columns,
             value);
}

void make_special(std::mt19937& generator, const DrawnProduct& c, const DrawnMatrices& matrices) {
  if (c.in == DType::i8) return;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  strew(generator, matrices.a, nan);
  strew(generator, matrices.a, infinity);
  strew(generator, matrices.b, -infinity);
  if (generator() % 2 == 0) strew(generator, matrices.b, nan);
  if (c.residual == ResidualKind::other) strew(generator, matrices.residual, nan);
  if (c.beta != 0.0 || c.residual == ResidualKind::out) strew(generator, matrices.out, nan);
}

}  // namespace

DrawnMatrices make_matrices(const DrawnProduct& c) {
  std::mt19937 generator(c.number * 2654435761U + 1);
  const std::int64_t a_batch = c.batch_kind == BatchKind::shared_a ? 1 : c.batch;
  const std::int64_t b_batch = c.batch_kind == BatchKind::shared_b ? 1 : c.batch;
  DrawnMatrices matrices{
      .a = lay_out(c, c.in, c.transpose_a ? c.k : c.m, c.transpose_a ? c.m : c.k, a_batch),
      .b = lay_out(c, c.in, c.transpose_b ? c.n : c.k, c.transpose_b ? c.k : c.n, b_batch),
      .out = lay_out(c, c.out, c.m, c.n, c.batch),
      .residual = lay_out(c, c.out, c.m, c.n, c.batch),
      .bias = lay_out(c, c.out, 1, c.n, 1)};
  if (c.layout == LayoutKind::one_buffer) lay_out_in_one(c, matrices);
  fill(generator, matrices.a);
  fill(generator, matrices.b);
  fill(generator, matrices.bias);
  if (c.residual == ResidualKind::out) matrices.residual = matrices.out;
  if (c.residual != ResidualKind::none) fill(generator, matrices.residual);
  if (c.beta != 0.0) fill(generator, matrices.out);
  if (c.data == DataKind::cancelling) let_cancel(c, matrices);
  if (c.data == DataKind::special) make_special(generator, c, matrices);
  return matrices;
}

double element_at(const HostMatrix& matrix, bool transposed, std::int64_t index, std::int64_t i,
                  std::int64_t j) {
  return transposed ? matrix.get(index, j, i) : matrix.get(index, i, j);
}

}  // namespace dovetail::test
