// SPDX-License-Identifier: Apache-2.0
// How many launches a list of products takes, and that each is right.
#include <gtest/gtest.h>

#include <vector>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/layer_test.hpp"

namespace dovetail {
namespace {

using test::context;

class MatmulBatched : public test::LayerTest {
 protected:
  /// Of products of 2 x 2 matrices that lie at these elements of one buffer each.
  std::uint64_t launches(const std::vector<std::int64_t>& a_at,
                         const std::vector<std::int64_t>& out_at,
                         const MatmulOptions& options = {}) {
    const Tensor operands = Tensor::full(stream, {200}, 3.0);
    const Tensor results = Tensor::full(stream, {200}, 7.0);
    const Tensor factor = Tensor::full(stream, {2, 2}, 2.0);
    std::vector<MatrixView> a, b, out;
    for (std::size_t i = 0; i < a_at.size(); ++i) {
      a.push_back(view(operands, a_at[i]));
      b.push_back(factor);
      out.push_back(view(results, out_at[i]));
    }
    matmul_batched_into(stream, a, b, out, options);  // whatever compiles does it here
    auto calls = test::calls_during([&] { matmul_batched_into(stream, a, b, out, options); });
    std::vector<float> expected(200, 7.0F);
    for (const std::int64_t at : out_at) {
      for (std::int64_t i = 0; i < 4; ++i) expected[static_cast<std::size_t>(at + i)] = 12.0F;
    }
    EXPECT_EQ(results.to_host<float>(stream), expected);
    return calls["clEnqueueNDRangeKernel"];
  }
  static MatrixView view(const Tensor& room, std::int64_t at, std::int64_t rows = 2) {
    return {room.storage().buffer,
            {.rows = rows, .columns = 2},
            DType::f32,
            static_cast<std::size_t>(at) * sizeof(float)};
  }
  const Stream stream{context()};
};

TEST_F(MatmulBatched, EqualDistancesTakeOneLaunch) {
  EXPECT_EQ(launches({0, 10, 20, 30}, {5, 25, 45, 65}), 1U);
  EXPECT_EQ(launches({0, 0, 0}, {100, 104, 108}), 1U) << "one a for all";
  EXPECT_EQ(launches({4}, {8}), 1U);
  EXPECT_EQ(launches({}, {}), 0U);
}

TEST_F(MatmulBatched, OtherDistancesTakeALaunchEach) {
  EXPECT_EQ(launches({0, 10, 21, 30}, {5, 25, 45, 65}), 4U);
  EXPECT_EQ(launches({0, 10, 20}, {5, 25, 46}), 3U);
  EXPECT_EQ(launches({20, 10, 0}, {5, 25, 45}), 3U) << "backwards";
}

TEST_F(MatmulBatched, ProductsOfDifferentSizesTakeALaunchEach) {
  const Tensor operands = Tensor::full(stream, {200}, 3.0), results = Tensor::zeros(stream, {200});
  const Tensor factor = Tensor::full(stream, {2, 2}, 2.0);
  const std::vector<MatrixView> a{view(operands, 0), view(operands, 10, 3)}, b{factor, factor},
      out{view(results, 0), view(results, 10, 3)};
  matmul_batched_into(stream, a, b, out);
  auto calls = test::calls_during([&] { matmul_batched_into(stream, a, b, out); });
  EXPECT_EQ(calls["clEnqueueNDRangeKernel"], 2U);
  const auto given = results.to_host<float>(stream);
  EXPECT_EQ(std::vector<float>(given.begin(), given.begin() + 4), std::vector<float>(4, 12.0F));
  EXPECT_EQ(std::vector<float>(given.begin() + 10, given.begin() + 16),
            std::vector<float>(6, 12.0F));
}

TEST_F(MatmulBatched, ProductThatReadsAnEarlierResultRunsInOrder) {
  // Each product's a is the out of the one before: side by side they would race.
  const Tensor room = Tensor::full(stream, {40}, 1.0);
  const Tensor factor = Tensor::full(stream, {2, 2}, 1.0);
  std::vector<MatrixView> a, b, out;
  for (std::int64_t i = 0; i < 3; ++i) {
    a.push_back(view(room, 10 * i));
    b.push_back(factor);
    out.push_back(view(room, 10 * (i + 1)));
  }
  auto calls = test::calls_during([&] { matmul_batched_into(stream, a, b, out); });
  EXPECT_EQ(calls["clEnqueueNDRangeKernel"], 3U);
  EXPECT_EQ(room.to_host<float>(stream)[30], 8.0F);
  // All into one out: the last stays.
  const std::vector<MatrixView> same(3, view(room, 20));
  const std::vector<MatrixView> once(3, view(room, 0));
  matmul_batched_into(stream, once, b, same);
  EXPECT_EQ(room.to_host<float>(stream)[20], 2.0F);
}

}  // namespace
}  // namespace dovetail
