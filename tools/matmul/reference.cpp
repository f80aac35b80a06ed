// SPDX-License-Identifier: Apache-2.0
#include "tools/matmul/reference.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <thread>

#include "tools/results.hpp"

namespace dovetail::tool {
namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  std::vector<float> values(count);
  // Uniform in [-1, 1), on a grid that floats hold exactly.
  for (float& value : values) value = static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f;
  return values;
}

/// Reads an operand that may be stored transposed as [rows, columns].
struct Operand {
  const float* values;
  std::size_t row_step, column_step;
  double at(std::size_t row, std::size_t column) const {
    return values[row * row_step + column * column_step];
  }
};

/// Calls body(i) for each i below count, on all cores.
template <typename Body>
void in_parallel(std::size_t count, Body body) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < host_cores(); ++i) threads.emplace_back(work);
  work();
}

constexpr std::size_t block_rows = 8;
constexpr std::size_t block_k = 256;
constexpr std::size_t block_columns = 512;

/// Rows [first, last) of out += a b for a block of columns and of k; b's block was made dense.
void multiply_block(const Operand& a, const double* b, double* out, std::size_t out_step,
                    std::size_t first, std::size_t last, std::size_t p0, std::size_t p1,
                    std::size_t columns) {
  for (std::size_t i = first; i < last; ++i) {
    double* const row = out + i * out_step;
    for (std::size_t p = p0; p < p1; ++p) {
      const double factor = a.at(i, p);
      const double* const b_row = b + (p - p0) * columns;
      for (std::size_t j = 0; j < columns; ++j) row[j] += factor * b_row[j];
    }
  }
}

void multiply(const MatmulShape& shape, const Operand& a, const Operand& b, double* out) {
  const std::size_t column_blocks = (shape.n + block_columns - 1) / block_columns;
  const std::size_t row_blocks = std::max<std::size_t>(1, shape.m / 256);
  in_parallel(column_blocks * row_blocks, [&](std::size_t task) {
    const std::size_t j0 = task % column_blocks * block_columns;
    const std::size_t columns = std::min(block_columns, shape.n - j0);
    const std::size_t i0 = task / column_blocks * shape.m / row_blocks;
    const std::size_t i1 = (task / column_blocks + 1) * shape.m / row_blocks;
    std::vector<double> dense(block_k * columns);
    for (std::size_t p0 = 0; p0 < shape.k; p0 += block_k) {
      const std::size_t p1 = std::min(p0 + block_k, shape.k);
      for (std::size_t p = p0; p < p1; ++p) {
        for (std::size_t j = 0; j < columns; ++j) dense[(p - p0) * columns + j] = b.at(p, j0 + j);
      }
      for (std::size_t i = i0; i < i1; i += block_rows) {
        multiply_block(a, dense.data(), out + j0, shape.n, i, std::min(i + block_rows, i1), p0, p1,
                       columns);
      }
    }
  });
}

}  // namespace

ReferenceProduct::ReferenceProduct(const MatmulShape& shape, std::uint64_t seed)
    : shape_(shape),
      a_(random_values(shape.batch * shape.m * shape.k, 2 * seed)),
      b_(random_values(shape.batch * shape.k * shape.n, 2 * seed + 1)),
      product_(shape.batch * shape.m * shape.n),
      row_norms_(shape.batch * shape.m),
      column_norms_(shape.batch * shape.n) {
  for (std::size_t batch = 0; batch < shape.batch; ++batch) {
    const Operand a{a_.data() + batch * shape.m * shape.k, shape.transpose_a ? 1 : shape.k,
                    shape.transpose_a ? shape.m : 1};
    const Operand b{b_.data() + batch * shape.k * shape.n, shape.transpose_b ? 1 : shape.n,
                    shape.transpose_b ? shape.k : 1};
    multiply(shape, a, b, product_.data() + batch * shape.m * shape.n);
    for (std::size_t i = 0; i < shape.m; ++i) {
      double sum = 0;
      for (std::size_t p = 0; p < shape.k; ++p) sum += a.at(i, p) * a.at(i, p);
      row_norms_[batch * shape.m + i] = std::sqrt(sum);
    }
    double* const squares = column_norms_.data() + batch * shape.n;
    for (std::size_t p = 0; p < shape.k; ++p) {
      for (std::size_t j = 0; j < shape.n; ++j) squares[j] += b.at(p, j) * b.at(p, j);
    }
    std::transform(squares, squares + shape.n, squares,
                   [](double square) { return std::sqrt(square); });
  }
}

ReferenceProduct::Judgement ReferenceProduct::judge(std::span<const float> out) const {
  constexpr double unit_roundoff = 0x1p-24;
  const double factor = 4 * std::sqrt(static_cast<double>(shape_.k)) * unit_roundoff;
  double difference = 0, magnitude = 0;
  bool each_close = true;
  for (std::size_t i = 0; i < product_.size(); ++i) {
    const double error = out[i] - product_[i];
    difference += error * error;
    magnitude += product_[i] * product_[i];
    const double bound = factor * row_norms_[i / shape_.n] *
                         column_norms_[i / (shape_.m * shape_.n) * shape_.n + i % shape_.n];
    each_close = each_close && std::abs(error) <= bound;  // false for NaN
  }
  const double relative_error = std::sqrt(difference / magnitude);
  return {relative_error, each_close && relative_error < 1e-5};
}

}  // namespace dovetail::tool
