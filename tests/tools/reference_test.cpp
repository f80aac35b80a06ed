// SPDX-License-Identifier: Apache-2.0
#include "tools/matmul/reference.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace dovetail::tool {
namespace {

/// The product by the definition, summed in float.
std::vector<float> plain_product(const MatmulShape& s, const ReferenceProduct& product) {
  std::vector<float> out(s.batch * s.m * s.n);
  for (std::size_t batch = 0; batch < s.batch; ++batch) {
    const float* a = product.a().data() + batch * s.m * s.k;
    const float* b = product.b().data() + batch * s.k * s.n;
    for (std::size_t i = 0; i < s.m; ++i) {
      for (std::size_t j = 0; j < s.n; ++j) {
        float sum = 0;
        for (std::size_t p = 0; p < s.k; ++p) {
          sum += (s.transpose_a ? a[p * s.m + i] : a[i * s.k + p]) *
                 (s.transpose_b ? b[j * s.k + p] : b[p * s.n + j]);
        }
        out[(batch * s.m + i) * s.n + j] = sum;
      }
    }
  }
  return out;
}

TEST(ReferenceProduct, AcceptsAPlainProductInEveryOrderOfStorage) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const auto& [batch, m, n, k] :
           {std::array<std::uint64_t, 4>{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 300, 513, 257}}) {
        const MatmulShape shape{"", "", batch, m, n, k, transpose_a, transpose_b};
        const ReferenceProduct product(shape, 7);
        const auto judgement = product.judge(plain_product(shape, product));
        EXPECT_TRUE(judgement.right) << batch << " " << m << " " << n << " " << k;
        EXPECT_LT(judgement.relative_error, 1e-6);
      }
    }
  }
}

TEST(ReferenceProduct, FindsOneElementThatLacksOneTerm) {
  const MatmulShape shape{"", "", 1, 200, 300, 2048, false, false};
  const ReferenceProduct product(shape, 7);
  auto out = plain_product(shape, product);
  ASSERT_TRUE(product.judge(out).right);
  std::size_t p = 0;  // a term of usual size
  while (std::abs(product.a()[p] * product.b()[p * 300]) < 0.25f) ++p;
  out[0] -= product.a()[p] * product.b()[p * 300];
  EXPECT_FALSE(product.judge(out).right);
}

TEST(ReferenceProduct, FindsNaN) {
  const MatmulShape shape{"", "", 1, 4, 4, 4, false, false};
  const ReferenceProduct product(shape, 7);
  auto out = plain_product(shape, product);
  out[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(product.judge(out).right);
}

}  // namespace
}  // namespace dovetail::tool
