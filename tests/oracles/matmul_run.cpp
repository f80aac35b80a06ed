// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/matmul_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/oracles/matmul_bound.hpp"
#include "tests/oracles/matmul_data.hpp"

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

struct Matrices {
  HostMatrix a, b, out, residual, bias;
};

/// Makes a, out and residual blocks of columns of one matrix.
void lay_out_in_one(const DrawnProduct& c, Matrices& matrices) {
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

/// Returns element (i, p) of op(a) or op(b).
double get(const HostMatrix& matrix, bool transposed, std::int64_t index, std::int64_t i,
           std::int64_t j) {
  return transposed ? matrix.get(index, j, i) : matrix.get(index, i, j);
}
void set(const HostMatrix& matrix, bool transposed, std::int64_t index, std::int64_t i,
         std::int64_t j, double value) {
  return transposed ? matrix.set(index, j, i, value) : matrix.set(index, i, j, value);
}

/// Makes the second half of each sum nearly cancel the first; terms differ in size.
void let_cancel(const DrawnProduct& c, const Matrices& matrices) {
  const bool is_wide = c.in == DType::f32 || c.in == DType::f64;
  const std::int64_t half = c.k / 2;
  const auto scale = [&](std::int64_t p) { return is_wide ? std::exp2(p % 17 - 8) : 1.0; };
  for (std::int64_t p = 0; p < half; ++p) {
    for (std::int64_t index = 0; index < matrices.a.batch; ++index) {
      for (std::int64_t i = 0; i < c.m; ++i) {
        const double value = get(matrices.a, c.transpose_a, index, i, p) * scale(p);
        set(matrices.a, c.transpose_a, index, i, p, value);
        set(matrices.a, c.transpose_a, index, i, half + p, value);
      }
    }
    for (std::int64_t index = 0; index < matrices.b.batch; ++index) {
      for (std::int64_t j = 0; j < c.n; ++j) {
        const double value = get(matrices.b, c.transpose_b, index, p, j);
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

void make_special(std::mt19937& generator, const DrawnProduct& c, const Matrices& matrices) {
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

Matrices make_matrices(const DrawnProduct& c) {
  std::mt19937 generator(c.number * 2654435761U + 1);
  const std::int64_t a_batch = c.batch_kind == BatchKind::shared_a ? 1 : c.batch;
  const std::int64_t b_batch = c.batch_kind == BatchKind::shared_b ? 1 : c.batch;
  Matrices matrices{
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

/// Computes the products of one matrix of the batch and the sums of their terms' absolute values.
/// Products of float32 and narrower are exact in double; their sums are 2^29 times finer than the
/// bound.
template <typename Real>
void multiply(const DrawnProduct& c, const Matrices& matrices, std::int64_t index,
              std::vector<ExactElement>& elements) {
  const std::int64_t a_index = matrices.a.batch == 1 ? 0 : index;
  const std::int64_t b_index = matrices.b.batch == 1 ? 0 : index;
  std::vector<Real> b(static_cast<std::size_t>(c.k * c.n));
  for (std::int64_t p = 0; p < c.k; ++p) {
    for (std::int64_t j = 0; j < c.n; ++j) {
      b[static_cast<std::size_t>(p * c.n + j)] = get(matrices.b, c.transpose_b, b_index, p, j);
    }
  }
  const auto n = static_cast<std::size_t>(c.n);
  std::vector<Real> sums(n), magnitudes(n);
  for (std::int64_t i = 0; i < c.m; ++i) {
    std::fill(sums.begin(), sums.end(), Real(0));
    std::fill(magnitudes.begin(), magnitudes.end(), Real(0));
    for (std::int64_t p = 0; p < c.k; ++p) {
      const Real x = get(matrices.a, c.transpose_a, a_index, i, p);
      const Real* const row = b.data() + static_cast<std::size_t>(p) * n;
      for (std::size_t j = 0; j < n; ++j) {
        sums[j] += x * row[j];
        magnitudes[j] += std::abs(x * row[j]);
      }
    }
    for (std::size_t j = 0; j < n; ++j) {
      ExactElement& element = elements[static_cast<std::size_t>(i) * n + j];
      element.product = sums[j];
      element.magnitude = magnitudes[j];
    }
  }
}

std::vector<ExactElement> exact_elements(const DrawnProduct& c, const Matrices& matrices,
                                         std::int64_t index) {
  std::vector<ExactElement> elements(static_cast<std::size_t>(c.m * c.n));
  if (c.in == DType::f64) {
    multiply<long double>(c, matrices, index, elements);
  } else {
    multiply<double>(c, matrices, index, elements);
  }
  for (std::int64_t i = 0; i < c.m; ++i) {
    for (std::int64_t j = 0; j < c.n; ++j) {
      ExactElement& element = elements[static_cast<std::size_t>(i * c.n + j)];
      element.old_out = matrices.out.get(index, i, j);
      if (c.has_bias) element.bias = matrices.bias.get(0, 0, j);
      if (c.residual != ResidualKind::none) {
        element.residual = matrices.residual.get(index, i, j);
      }
    }
  }
  return elements;
}

/// Makes one buffer for memory that several matrices share.
class Buffers {
 public:
  Buffer of(const Stream& stream, const HostMatrix& matrix) {
    for (const auto& [memory, buffer] : buffers_) {
      if (memory == matrix.memory) return buffer;
    }
    const Buffer buffer(stream.context(), matrix.memory->size(), matrix.memory->data());
    buffers_.emplace_back(matrix.memory, buffer);
    return buffer;
  }

 private:
  std::vector<std::pair<std::shared_ptr<HostMemory>, Buffer>> buffers_;
};

/// Describes a matrix for the whole batch, in one of two ways.
MatrixView operand(const Stream& stream, Buffers& buffers, const DrawnProduct& c,
                   HostMatrix matrix) {
  if (matrix.batch == 1 && c.batch != 1 && c.number % 2 == 0) {
    matrix.batch = c.batch;
    matrix.batch_stride = 0;
  }
  return matrix.view(buffers.of(stream, matrix));
}

HostMemory run(const Stream& stream, const DrawnProduct& c, const Matrices& matrices) {
  Buffers buffers;
  const MatmulOptions options{
      .backend = c.backend, .transpose_a = c.transpose_a, .transpose_b = c.transpose_b};
  EpilogueInto epilogue{.alpha = c.alpha, .beta = c.beta, .activation = c.activation};
  if (c.has_bias) {
    epilogue.bias = Tensor::from_buffer(buffers.of(stream, matrices.bias), {c.n}, c.out,
                                        matrices.bias.offset * size_of(c.out));
  }
  if (c.residual != ResidualKind::none) {
    epilogue.residual = matrices.residual.view(buffers.of(stream, matrices.residual));
  }
  const Buffer out = buffers.of(stream, matrices.out);
  matmul_into(stream, operand(stream, buffers, c, matrices.a),
              operand(stream, buffers, c, matrices.b), matrices.out.view(out), options, epilogue);
  const auto bytes = Tensor::from_buffer(out, {static_cast<std::int64_t>(out.nbytes())}, DType::u8)
                         .to_host<std::uint8_t>(stream);
  HostMemory memory(bytes.size());
  std::transform(bytes.begin(), bytes.end(), memory.begin(),
                 [](std::uint8_t byte) { return std::byte{byte}; });
  return memory;
}

void expect_element(double given, const MatmulArithmetic& arithmetic, const ExactElement& element,
                    std::int64_t index, std::int64_t i, std::int64_t j) {
  const long double exact = arithmetic.exact(element);
  if (std::isnan(exact) || std::isinf(exact)) {
    ASSERT_TRUE(std::isnan(exact) ? std::isnan(given) : given == exact)
        << "element [" << index << ", " << i << ", " << j << "] is " << given << ", not " << exact;
    return;
  }
  const long double bound = arithmetic.bound(element);
  ASSERT_TRUE(std::abs(given - exact) <= bound)
      << "element [" << index << ", " << i << ", " << j << "] is " << given << ", but should be "
      << exact << " within " << bound;
}

}  // namespace

void expect_right(const Stream& stream, const DrawnProduct& c) {
  const Matrices matrices = make_matrices(c);
  auto memory = std::make_shared<HostMemory>();
  ASSERT_NO_THROW(*memory = run(stream, c, matrices));
  HostMatrix given = matrices.out;
  given.memory = memory;
  const MatmulArithmetic arithmetic{.backend = c.backend,
                                    .in = c.in,
                                    .out = c.out,
                                    .k = c.k,
                                    .alpha = c.alpha,
                                    .beta = c.beta,
                                    .activation = c.activation};
  for (std::int64_t index = 0; index < c.batch; ++index) {
    const auto elements = exact_elements(c, matrices, index);
    for (std::int64_t i = 0; i < c.m; ++i) {
      for (std::int64_t j = 0; j < c.n; ++j) {
        expect_element(given.get(index, i, j), arithmetic,
                       elements[static_cast<std::size_t>(i * c.n + j)], index, i, j);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
    for (std::int64_t i = 0; i < c.m; ++i) {  // the rest must be unchanged
      for (std::int64_t j = 0; j < c.n; ++j) {
        std::copy_n(matrices.out.at(index, i, j), size_of(c.out), given.at(index, i, j));
      }
    }
  }
  const auto [was, is] = std::mismatch(matrices.out.memory->begin(), matrices.out.memory->end(),
                                       memory->begin(), memory->end());
  EXPECT_TRUE(was == matrices.out.memory->end() && is == memory->end())
      << "byte " << was - matrices.out.memory->begin() << " beside out was written";
}

}  // namespace dovetail::test
