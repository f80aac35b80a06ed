// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/reference.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

namespace dovetail::tool {
namespace {

/// The product by the definition, summed and rounded as a kernel does it.
template <typename T>
std::vector<double> plain_product(const ReferenceProduct& product) {
  using Sum = std::conditional_t<sizeof(T) == 8, double,
                                 std::conditional_t<sizeof(T) == 1, std::int32_t, float>>;
  using Result = std::conditional_t<sizeof(T) == 1, std::int32_t, T>;
  const MatmulShape& s = product.shape();
  std::vector<double> out(s.batch * s.m * s.n);
  for (std::size_t batch = 0; batch < s.batch; ++batch) {
    const T* a = product.a<T>().data() + batch * s.m * s.k;
    const T* b = product.b<T>().data() + batch * s.k * s.n;
    for (std::size_t i = 0; i < s.m; ++i) {
      for (std::size_t j = 0; j < s.n; ++j) {
        Sum sum = 0;
        for (std::size_t p = 0; p < s.k; ++p) {
          sum += static_cast<Sum>(s.transpose_a ? a[p * s.m + i] : a[i * s.k + p]) *
                 static_cast<Sum>(s.transpose_b ? b[j * s.k + p] : b[p * s.n + j]);
        }
        out[(batch * s.m + i) * s.n + j] = to_double(Result(sum));
      }
    }
  }
  return out;
}

constexpr std::array dtypes{DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8};

std::vector<double> plain_product(const ReferenceProduct& product) {
  return with_operand_type(product.dtype(),
                           [&](auto zero) { return plain_product<decltype(zero)>(product); });
}

TEST(ReferenceProduct, AcceptsAPlainProductInEveryOrderOfStorage) {
  for (const DType dtype : dtypes) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const auto& [batch, m, n, k] :
             {std::array<std::uint64_t, 4>{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 100, 513, 257}}) {
          const MatmulShape shape{"", "", batch, m, n, k, transpose_a, transpose_b};
          const ReferenceProduct product(shape, dtype, 7);
          const auto judgement = product.judge(plain_product(product));
          EXPECT_TRUE(judgement.right)
              << to_string(dtype) << batch << " " << m << " " << n << " " << k;
        }
      }
    }
  }
}

TEST(ReferenceProduct, FindsOneElementThatLacksOneTerm) {
  for (const DType dtype : dtypes) {
    SCOPED_TRACE(to_string(dtype));
    // For 16-bit results so many terms that one is within the rounding would be too many.
    const MatmulShape shape{"", "", 1, 20, 300, size_of(dtype) == 2 ? 32U : 2048U, false, false};
    const ReferenceProduct product(shape, dtype, 7);
    auto out = plain_product(product);
    ASSERT_TRUE(product.judge(out).right);
    out[0] -= with_operand_type(dtype, [&](auto zero) {
      using T = decltype(zero);
      const auto term = [&](std::size_t p) {
        return to_double(product.a<T>()[p]) * to_double(product.b<T>()[p * 300]);
      };
      std::size_t p = 0;  // a term of usual size
      while (std::abs(term(p)) < 0.25) ++p;
      return term(p);
    });
    EXPECT_FALSE(product.judge(out).right);
  }
}

TEST(ReferenceProduct, RefusesAResultOfALesserType) {
  const MatmulShape shape{"", "", 1, 20, 30, 64, false, false};
  for (const auto& [dtype, lesser] :
       {std::pair{DType::f64, DType::f32}, {DType::f32, DType::f16}, {DType::f16, DType::bf16}}) {
    const ReferenceProduct product(shape, dtype, 7);
    auto out = plain_product(product);
    ASSERT_TRUE(product.judge(out).right);
    for (double& value : out) {
      value = with_operand_type(
          lesser, [&](auto zero) { return to_double(decltype(zero)(static_cast<float>(value))); });
    }
    EXPECT_FALSE(product.judge(out).right) << to_string(dtype) << " as " << to_string(lesser);
  }
}

TEST(ReferenceProduct, RefusesAnInt8ResultThatIsOneOff) {
  const ReferenceProduct product({"", "", 1, 40, 40, 512, false, false}, DType::i8, 7);
  auto out = plain_product(product);
  out[77] += 1;
  EXPECT_FALSE(product.judge(out).right);
}

TEST(ReferenceProduct, FindsNaN) {
  const ReferenceProduct product({"", "", 1, 4, 4, 4, false, false}, DType::f32, 7);
  auto out = plain_product(product);
  out[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(product.judge(out).right);
}

}  // namespace
}  // namespace dovetail::tool
