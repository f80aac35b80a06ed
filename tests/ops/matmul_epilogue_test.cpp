// SPDX-License-Identifier: Apache-2.0
// What matmul does to a product over every backend: alpha, beta, bias, residual, activation.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matmul_backends.hpp"
#include "tests/support/matmul_products.hpp"
#include "tests/support/matrices.hpp"

namespace dovetail {
namespace {

using test::Matmul;
using test::out_shape;
using test::Product;

TEST_P(Matmul, DoesNotReadOutForABetaThatRoundsToZero) {
  const Tensor a = Tensor::full(stream, {4, 3}, 1.0), b = Tensor::full(stream, {3, 5}, 2.0);
  for (const double beta : {0.0, 1e-50, -1e-50}) {
    const Tensor out = Tensor::full(stream, {4, 5}, std::numeric_limits<double>::quiet_NaN());
    matmul_into(stream, a, b, out, {.backend = GetParam()}, {.beta = beta});
    EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(20, 6.0f)) << beta;
  }
}

TEST_P(Matmul, ReadsNeitherOperandForAnAlphaThatRoundsToZero) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Product& product :
       {Product{.m = 4, .n = 5, .k = 3}, Product{.m = 1, .n = 5, .k = 3},
        Product{.m = 4, .n = 1, .k = 3}, Product{.m = 70, .n = 90, .k = 300, .transpose_a = true},
        Product{.m = 3, .n = 5, .k = 7, .batch = 3, .transpose_b = true}}) {
    SCOPED_TRACE(product.str());
    EpilogueInto epilogue;
    const Tensor a = Tensor::full(stream, test::a_shape(product), nan);
    const Tensor b = Tensor::full(stream, test::b_shape(product), nan);
    const auto expect_all = [&](float expected) {
      const Tensor out = Tensor::full(stream, out_shape(product), epilogue.beta == 0.0 ? nan : 3.0);
      matmul_into(stream, a, b, out, options_of(product), epilogue);
      EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(product.out_size(), expected));
    };
    for (const double alpha : {0.0, -0.0, 1e-50}) {
      epilogue.alpha = alpha;
      expect_all(0.0f);
    }
    epilogue.beta = 2.0;
    expect_all(6.0f);
    epilogue.bias = Tensor::full(stream, {std::int64_t(product.n)}, -5.0);
    expect_all(1.0f);
    epilogue.residual = Tensor::full(stream, out_shape(product), -4.0);
    expect_all(-3.0f);
    epilogue.activation = Activation::relu;
    expect_all(0.0f);
  }
}

TEST_P(Matmul, ReadsNoOperandOfAListForAnAlphaOfZero) {
  const Tensor operand = Tensor::full(stream, {2, 2}, std::numeric_limits<double>::quiet_NaN());
  const Tensor first = Tensor::full(stream, {2, 2}, 3.0),
               second = Tensor::full(stream, {2, 2}, 5.0);
  const std::vector<MatrixView> operands{operand, operand}, out{first, second};
  matmul_batched_into(stream, operands, operands, out, {.backend = GetParam()},
                      {.alpha = 0.0, .beta = 1.0});
  EXPECT_EQ(first.to_host<float>(stream), std::vector<float>(4, 3.0f));
  EXPECT_EQ(second.to_host<float>(stream), std::vector<float>(4, 5.0f));
}

TEST_P(Matmul, ListTakesABiasBetweenItsResults) {
  const Tensor operand = Tensor::full(stream, {2, 2}, 1.0);
  const Tensor room = Tensor::full(stream, {10}, 5.0);
  const auto at = [&](const Shape& shape, std::size_t element) {
    return Tensor::from_buffer(room.storage().buffer, shape, DType::f32, element * sizeof(float));
  };
  const std::vector<MatrixView> operands{operand, operand}, out{at({2, 2}, 0), at({2, 2}, 6)};
  matmul_batched_into(stream, operands, operands, out, {.backend = GetParam()},
                      {.bias = at({2}, 4)});
  EXPECT_EQ(room.to_host<float>(stream), (std::vector<float>{7, 7, 7, 7, 5, 5, 7, 7, 7, 7}));
}

TEST_P(Matmul, AddsAMatrixOfTheResidualToEachProductOfAList) {
  const Tensor a = Tensor::full(stream, {2, 3}, 1.0), b = Tensor::full(stream, {3, 4}, 2.0);
  const Tensor batch = Tensor::zeros(stream, {2, 2, 4});
  const std::vector<float> values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const MatrixView residual = Tensor::from_host<float>(test::context(), values, {2, 2, 4});
  const Tensor apart = Tensor::zeros(stream, {2, 4}), other = Tensor::zeros(stream, {2, 4});
  const std::vector<MatrixView> as{a, a}, bs{b, b}, lists{apart, other},
      together{MatrixView(batch.storage().buffer, {.rows = 2, .columns = 4}),
               MatrixView(batch.storage().buffer, {.rows = 2, .columns = 4}, DType::f32, 32)};
  std::vector<float> expected = values;
  for (float& value : expected) value += 6.0f;
  for (const auto& out : {lists, together}) {
    matmul_batched_into(stream, as, bs, out, {.backend = GetParam()}, {.residual = residual});
  }
  EXPECT_EQ(batch.to_host<float>(stream), expected);
  auto given = apart.to_host<float>(stream);
  const auto second = other.to_host<float>(stream);
  given.insert(given.end(), second.begin(), second.end());
  EXPECT_EQ(given, expected);
}

TEST_P(Matmul, ListOfEmptyProductsTakesAResidual) {
  const Tensor none = Tensor::zeros(stream, {4, 0}), a = Tensor::zeros(stream, {4, 2}),
               b = Tensor::zeros(stream, {2, 0});
  const MatrixView residual(Tensor::zeros(stream, {4}).storage().buffer,
                            {.rows = 4, .columns = 0, .row_stride = 4, .batch = 3});
  const std::vector<MatrixView> as{a, a, a}, bs{b, b, b}, outs{none, none, none};
  EXPECT_NO_THROW(
      matmul_batched_into(stream, as, bs, outs, {.backend = GetParam()}, {.residual = residual}));
}

TEST_P(Matmul, ActivationsPassNanOn) {
  constexpr std::size_t n = 21;
  std::vector<float> a(n * n, 1.0f);
  a[3 * n + 4] = std::numeric_limits<float>::quiet_NaN();
  const Tensor left = Tensor::from_host<float>(test::context(), a, {n, n});
  const Tensor right = Tensor::full(stream, {n, n}, 1.0);
  for (const Activation activation :
       {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    const auto out =
        matmul(stream, left, right, {.backend = GetParam()}, {.activation = activation})
            .to_host<float>(stream);
    for (std::size_t i = 0; i < n * n; ++i) {
      EXPECT_EQ(out[i] != out[i], i / n == 3) << to_string(activation) << " at " << i;
    }
  }
}

}  // namespace
}  // namespace dovetail
