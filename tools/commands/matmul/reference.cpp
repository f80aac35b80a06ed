// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/reference.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <thread>
#include <type_traits>

#include "tools/results/results.hpp"

namespace dovetail::tool {
namespace {

/// Uniform in [-1, 1), on a grid that the type holds, or rounded to it; whole numbers in
/// [-range, range].
template <typename T>
T random_value(std::mt19937& random, int range) {
  if constexpr (std::is_same_v<T, std::int8_t>) {
    const auto count = static_cast<std::uint32_t>(2 * range + 1);
    return static_cast<T>(static_cast<int>(random() % count) - range);
  } else if constexpr (std::is_same_v<T, double>) {
    const std::uint64_t bits = std::uint64_t{random()} << 21 | random() >> 11;
    return static_cast<double>(bits) * 0x1p-52 - 1.0;
  } else {
    return T(static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f);
  }
}

template <typename T>
std::vector<std::byte> random_elements(std::size_t count, std::size_t k, std::uint64_t seed) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  const int range = k <= 1U << 17 ? 127 : 11;  // so that no sum leaves int32
  std::vector<std::byte> bytes(count * sizeof(T));
  T* const elements = reinterpret_cast<T*>(bytes.data());
  for (std::size_t i = 0; i < count; ++i) elements[i] = random_value<T>(random, range);
  return bytes;
}

/// Reads an operand that may be stored transposed as [rows, columns].
template <typename T>
struct Operand {
  const T* values;
  std::size_t row_step, column_step;
  double at(std::size_t row, std::size_t column) const {
    return to_double(values[row * row_step + column * column_step]);
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

/// Adds a b to rows [first, last) of out, for a block of columns and of k; b's block is dense.
template <typename T>
void multiply_block(const Operand<T>& a, const double* b, double* out, std::size_t out_step,
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

template <typename T>
void multiply_matrices(const MatmulShape& shape, const Operand<T>& a, const Operand<T>& b,
                       double* out) {
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

/// How close a result must be; see judge().
struct Tolerance {
  double sum, rounding, smallest, norm;

  Tolerance(DType dtype, std::uint64_t k) {
    constexpr double u32 = 0x1p-24, u64 = 0x1p-53;
    const double root = std::sqrt(static_cast<double>(k));
    sum = dtype == DType::i8 ? 0 : dtype == DType::f64 ? 8 * root * u64 : 4 * root * u32;
    rounding = dtype == DType::f16 ? 0x1p-11 : dtype == DType::bf16 ? 0x1p-8 : 0;
    smallest = dtype == DType::f16 ? 0x1p-25 : 0;
    norm = dtype == DType::f64 ? 1e-13 : rounding + 1e-5;
  }
};

}  // namespace

template <typename T>
void ReferenceProduct::multiply() {
  const auto& [set, name, batches, m, n, k, transpose_a, transpose_b] = shape_;
  a_ = random_elements<T>(batches * m * k, k, 2 * seed_);
  b_ = random_elements<T>(batches * k * n, k, 2 * seed_ + 1);
  for (std::size_t batch = 0; batch < batches; ++batch) {
    const Operand<T> a_of{a<T>().data() + batch * m * k, transpose_a ? 1 : k, transpose_a ? m : 1};
    const Operand<T> b_of{b<T>().data() + batch * k * n, transpose_b ? 1 : n, transpose_b ? k : 1};
    multiply_matrices(shape_, a_of, b_of, product_.data() + batch * m * n);
    for (std::size_t i = 0; i < m; ++i) {
      double sum = 0;
      for (std::size_t p = 0; p < k; ++p) sum += a_of.at(i, p) * a_of.at(i, p);
      row_norms_[batch * m + i] = std::sqrt(sum);
    }
    double* const squares = column_norms_.data() + batch * n;
    for (std::size_t p = 0; p < k; ++p) {
      for (std::size_t j = 0; j < n; ++j) squares[j] += b_of.at(p, j) * b_of.at(p, j);
    }
    std::transform(squares, squares + n, squares, [](double square) { return std::sqrt(square); });
  }
}

ReferenceProduct::ReferenceProduct(const MatmulShape& shape, DType dtype, std::uint64_t seed)
    : shape_(shape),
      dtype_(dtype),
      seed_(seed),
      product_(shape.batch * shape.m * shape.n),
      row_norms_(shape.batch * shape.m),
      column_norms_(shape.batch * shape.n) {
  with_operand_type(dtype, [this](auto zero) { multiply<decltype(zero)>(); });
}

ReferenceProduct::Judgement ReferenceProduct::judge(std::span<const double> out) const {
  const Tolerance tolerance(dtype_, shape_.k);
  double difference = 0, magnitude = 0;
  bool each_close = true;
  for (std::size_t i = 0; i < product_.size(); ++i) {
    const double error = out[i] - product_[i];
    difference += error * error;
    magnitude += product_[i] * product_[i];
    const double bound = tolerance.sum * row_norms_[i / shape_.n] *
                             column_norms_[i / (shape_.m * shape_.n) * shape_.n + i % shape_.n] +
                         tolerance.rounding * std::abs(product_[i]) + tolerance.smallest;
    each_close = each_close && std::abs(error) <= bound;  // false for NaN
  }
  const double relative_error = difference == 0 ? 0 : std::sqrt(difference / magnitude);
  return {relative_error, each_close && relative_error < tolerance.norm};
}

}  // namespace dovetail::tool
