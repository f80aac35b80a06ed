// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/matmul_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tests/oracles/drawn_matrices.hpp"
#include "tests/oracles/matmul_bound.hpp"

namespace dovetail::test {
namespace {

/// Computes the products of one matrix of the batch and the sums of their terms' absolute values.
/// Products of float32 and narrower are exact in double; their sums are 2^29 times finer than the
/// bound.
template <typename Real>
void multiply(const DrawnProduct& c, const DrawnMatrices& matrices, std::int64_t index,
              std::vector<ExactElement>& elements) {
  const std::int64_t a_index = matrices.a.batch == 1 ? 0 : index;
  const std::int64_t b_index = matrices.b.batch == 1 ? 0 : index;
  std::vector<Real> b(static_cast<std::size_t>(c.k * c.n));
  for (std::int64_t p = 0; p < c.k; ++p) {
    for (std::int64_t j = 0; j < c.n; ++j) {
      b[static_cast<std::size_t>(p * c.n + j)] =
          element_at(matrices.b, c.transpose_b, b_index, p, j);
    }
  }
  const auto n = static_cast<std::size_t>(c.n);
  std::vector<Real> sums(n), magnitudes(n);
  for (std::int64_t i = 0; i < c.m; ++i) {
    std::fill(sums.begin(), sums.end(), Real(0));
    std::fill(magnitudes.begin(), magnitudes.end(), Real(0));
    for (std::int64_t p = 0; p < c.k; ++p) {
      const Real x = element_at(matrices.a, c.transpose_a, a_index, i, p);
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

std::vector<ExactElement> exact_elements(const DrawnProduct& c, const DrawnMatrices& matrices,
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

HostMemory run(const Stream& stream, const DrawnProduct& c, const DrawnMatrices& matrices) {
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
  const DrawnMatrices matrices = make_matrices(c);
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
