// SPDX-License-Identifier: Apache-2.0
#include "tests/support/matrices.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace dovetail::test {
namespace {

/// The matrices of one batch entry, whatever their storage order.
struct Entry {
  const Product& product;
  const float* a;
  const float* b;

  double a_at(std::size_t i, std::size_t p) const {
    return product.transpose_a ? a[p * product.m + i] : a[i * product.k + p];
  }
  double b_at(std::size_t p, std::size_t j) const {
    return product.transpose_b ? b[j * product.k + p] : b[p * product.n + j];
  }
};

}  // namespace

std::vector<float> random_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    value = static_cast<float>(generator()) / 2147483648.0f - 1.0f;
  }
  return values;
}

std::string Product::str() const {
  std::string text = std::to_string(batch) + " x (" + std::to_string(m) + "x" + std::to_string(k) +
                     " * " + std::to_string(k) + "x" + std::to_string(n) + ")";
  if (transpose_a) text += " ta";
  if (transpose_b) text += " tb";
  return text;
}

void expect_product(const Product& product, const std::vector<float>& a,
                    const std::vector<float>& b, const std::vector<float>& out) {
  ASSERT_EQ(out.size(), product.out_size()) << product.str();
  const double tolerance =
      4.0 * std::sqrt(static_cast<double>(product.k)) * std::numeric_limits<float>::epsilon();
  double error_squared = 0.0;
  double norm_squared = 0.0;
  for (std::size_t entry = 0; entry < product.batch; ++entry) {
    const Entry at{product, a.data() + entry * product.m * product.k,
                   b.data() + entry * product.k * product.n};
    for (std::size_t i = 0; i < product.m; ++i) {
      for (std::size_t j = 0; j < product.n; ++j) {
        double sum = 0.0, a_squared = 0.0, b_squared = 0.0;
        for (std::size_t p = 0; p < product.k; ++p) {
          const double x = at.a_at(i, p);
          const double y = at.b_at(p, j);
          sum += x * y;
          a_squared += x * x;
          b_squared += y * y;
        }
        const double given = out[(entry * product.m + i) * product.n + j];
        const double error = std::abs(given - sum);
        const double bound = tolerance * std::sqrt(a_squared * b_squared) + 1e-30;
        ASSERT_TRUE(error <= bound) << product.str() << ": element [" << entry << ", " << i << ", "
                                    << j << "] is " << given << ", but should be " << sum;
        error_squared += error * error;
        norm_squared += sum * sum;
      }
    }
  }
  EXPECT_LE(std::sqrt(error_squared), 1e-5 * std::sqrt(norm_squared) + 1e-30) << product.str();
}

}  // namespace dovetail::test
