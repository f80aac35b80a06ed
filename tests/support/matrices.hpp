// SPDX-License-Identifier: Apache-2.0
// Random data, and products accumulated in double to hold results against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dovetail::test {

/// `count` values between -1 and 1, the same for the same seed.
std::vector<float> random_values(std::size_t count, std::uint32_t seed);

/// One product, or a batch of them, as dovetail::matmul takes it.
struct Product {
  std::size_t m = 1, n = 1, k = 1;
  std::size_t batch = 1;
  bool transpose_a = false, transpose_b = false;

  std::size_t a_size() const { return batch * m * k; }
  std::size_t b_size() const { return batch * k * n; }
  std::size_t out_size() const { return batch * m * n; }
  /// Such as "3 x (17x5 * 5x9) ta".
  std::string str() const;
};

/// Expects `out` to be the product of `a` and `b`: each element within the bound of a float32 sum
/// of any order with rounding errors that are independent, and the whole within 1e-5.
void expect_product(const Product& product, const std::vector<float>& a,
                    const std::vector<float>& b, const std::vector<float>& out);

}  // namespace dovetail::test
