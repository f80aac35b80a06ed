// SPDX-License-Identifier: Apache-2.0
// Products of tensors that are views: transposes, slices with steps, flips and broadcasts.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/copy.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/drawn_tensor.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

/// Products of whole numbers, so that each order of summation gives the same.
std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b, std::int64_t m,
                           std::int64_t n, std::int64_t k) {
  std::vector<float> out(static_cast<std::size_t>(m * n), 0.0f);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t p = 0; p < k; ++p) {
      for (std::int64_t j = 0; j < n; ++j) {
        out[static_cast<std::size_t>(i * n + j)] +=
            a[static_cast<std::size_t>(i * k + p)] * b[static_cast<std::size_t>(p * n + j)];
      }
    }
  }
  return out;
}

TEST(MatmulViews, MultiplyFromAnyLayoutIntoAny) {
  std::mt19937 random(1127);
  const Stream stream(context());
  for (int i = 0; i < 150; ++i) {
    const std::int64_t m = test::draw(random, 1, 20), n = test::draw(random, 1, 20),
                       k = test::draw(random, 1, 20);
    const auto draw = [&](const Shape& shape, bool repeats) {
      return test::drawn_tensor<float>(random, test::draw_layout(random, shape, repeats));
    };
    const Tensor a = draw({m, k}, true), b = draw({k, n}, true), out = draw({m, n}, false);
    SCOPED_TRACE(a.layout().str() + " by " + b.layout().str() + " to " + out.layout().str());
    const auto expected = product(a.to_host<float>(stream), b.to_host<float>(stream), m, n, k);
    ASSERT_EQ(matmul(stream, a, b).to_host<float>(stream), expected);
    matmul_into(stream, a, b, out);
    ASSERT_EQ(out.to_host<float>(stream), expected);
    const Tensor turned = matmul(stream, b, a, {.transpose_a = true, .transpose_b = true});
    ASSERT_EQ(turned.transpose().to_host<float>(stream), expected);
  }
}

TEST(MatmulViews, BetaReadsAnOutWithoutRows) {
  const Stream stream(context());
  const Tensor room = Tensor::full(stream, {3, 10}, 5.0);
  const Tensor out = room.slice(1, 0, 10, 2);
  const Tensor a = Tensor::full(stream, {3, 4}, 1.0), b = Tensor::full(stream, {4, 5}, 1.0);
  matmul_into(stream, a, b, out, {}, {.beta = 2.0});
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(15, 14.0f));
  EXPECT_EQ(room.slice(1, 1, 10, 2).to_host<float>(stream), std::vector<float>(15, 5.0f));
}

TEST(MatmulViews, BatchMayShareOneMatrix) {
  const Stream stream(context());
  const Tensor a = Tensor::full(stream, {3, 4}, 2.0), b = Tensor::full(stream, {6, 4, 5}, 1.0);
  const Tensor shared = matmul(stream, a.broadcast_to({6, 3, 4}), b);
  EXPECT_EQ(shared.shape(), (Shape{6, 3, 5}));
  EXPECT_EQ(shared.to_host<float>(stream), std::vector<float>(90, 8.0f));
}

TEST(MatmulViews, RefuseAsMatrixViewsWhatHasNoRows) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {3, 4});
  expect_throws<InvalidArgument>([&] { static_cast<void>(MatrixView(a.transpose())); },
                                 "[MatrixView] tensor [4, 3] strides [1, 4]", "contiguous()");
  const Tensor bias = Tensor::zeros(stream, {8}).slice(0, 0, 8, 2);
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(matmul(stream, a.transpose(), a, {}, {.bias = bias})); },
      "[matmul] bias [4] strides [2]", "contiguous()");
}

}  // namespace
}  // namespace dovetail
