// SPDX-License-Identifier: Apache-2.0
// The kernels for GPUs, run on whatever device there is and compared with the reference.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "lib/ops/matmul/backend/launch.hpp"
#include "lib/ops/matmul/problem/check.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"

namespace dovetail::detail {
namespace {

using test::context;

DeviceTraits gpu() {
  DeviceTraits traits = traits_of(context().device());
  traits.is_cpu = false;
  traits.local_memory = 48 << 10;
  return traits;
}

class MatmulGpuKernels : public testing::Test {
 protected:
  void TearDown() override { stream.synchronize(); }

  /// A matrix in the middle of memory that holds NaN.
  MatrixView matrix(std::int64_t batch, std::int64_t rows, std::int64_t columns, bool is_aligned) {
    const std::int64_t stride = columns + (is_aligned ? 4 : 3), offset = is_aligned ? 8 : 5;
    std::vector<float> memory(std::size_t(offset + batch * rows * stride + 9),
                              std::numeric_limits<float>::quiet_NaN());
    const auto values = test::random_values(std::size_t(batch * rows * columns), ++seed);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto row = i / std::size_t(columns), column = i % std::size_t(columns);
      memory[std::size_t(offset) + row * std::size_t(stride) + column] = values[i];
    }
    const auto size = std::int64_t(memory.size());
    const Tensor all = Tensor::from_host<float>(context(), memory, {size});
    return {all.storage().buffer,
            {.rows = rows, .columns = columns, .row_stride = stride, .batch = batch},
            DType::f32,
            std::size_t(offset) * sizeof(float)};
  }

  std::vector<float> run(const MatrixView& a, const MatrixView& b, const MatmulOptions& options,
                         const std::optional<std::string>& choice) {
    const MatmulSizes sizes = check_operands(stream, a, b, options, epilogue);
    const std::int64_t m = sizes.m, n = sizes.n, batch = sizes.batch;
    const Tensor out = Tensor::full(stream, {batch, m, n}, 3.0);
    const MatrixView view(out.storage().buffer, {.rows = m, .columns = n, .batch = batch});
    const auto problem = check_problem(stream, sizes, a, b, view, epilogue);
    const std::string chosen = choice ? *choice : default_choice(gpu(), problem->sizes);
    const auto plan = plan_choice(gpu(), problem->sizes, chosen);
    EXPECT_TRUE(plan) << chosen;
    if (plan) run_plan(stream, *problem, BuiltPlan(stream, *plan));
    return out.to_host<float>(stream);
  }

  /// @param choice  Nothing for the one by rule.
  void expect_product(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k,
                      const MatmulOptions& options, const std::optional<std::string>& choice,
                      bool is_aligned) {
    SCOPED_TRACE(std::to_string(batch) + " x " + std::to_string(m) + " " + std::to_string(n) + " " +
                 std::to_string(k) + " by " + choice.value_or("rule"));
    const MatrixView a =
        options.transpose_a ? matrix(batch, k, m, is_aligned) : matrix(batch, m, k, is_aligned);
    const MatrixView b =
        options.transpose_b ? matrix(batch, n, k, is_aligned) : matrix(batch, k, n, is_aligned);
    const auto expected = run(a, b, options, "reference");
    const auto given = run(a, b, options, choice);
    for (std::size_t i = 0; i < given.size(); ++i) {
      ASSERT_NEAR(given[i], expected[i], 4e-6 * std::sqrt(double(k))) << i;
    }
  }

  Stream stream{context()};
  EpilogueInto epilogue;
  unsigned seed = 0;
};

TEST_F(MatmulGpuKernels, TilesMatchTheReference) {
  expect_product(1, 70, 45, 37, {}, "tile 32x32s4 parts=1", false);
  expect_product(2, 64, 32, 48, {.transpose_a = true}, "tile 64x32s4 parts=1", true);
  expect_product(1, 96, 100, 200, {.transpose_b = true}, "tile 64x64s2 parts=3", true);
  epilogue = {.alpha = 2.0, .beta = -1.0, .activation = Activation::relu};
  expect_product(1, 130, 70, 40, {}, "tile 128x64s2 parts=1", true);
}

TEST_F(MatmulGpuKernels, SkinnyKernelsMatchTheReference) {
  for (const bool transpose : {false, true}) {
    for (const std::int64_t count : {1, 3}) {
      const MatmulOptions options{.transpose_a = transpose, .transpose_b = transpose};
      expect_product(2, count, 70, 300, options, {}, true);
      expect_product(1, 70, count, 130, options, {}, false);
    }
  }
  epilogue = {.beta = 1.0, .activation = Activation::silu};
  expect_product(1, 1, 70, 640, {.transpose_b = true}, "skinny parts=4", true);
}

TEST_F(MatmulGpuKernels, RowsArePackedBitForBit) {
  for (const bool transpose : {false, true}) {
    const MatrixView b = transpose ? matrix(2, 7, 5, false) : matrix(2, 5, 7, false);
    const MatmulSizes sizes{.m = 1, .n = 7, .k = 5, .batch = 2, .transpose_b = transpose};
    const Tensor packed = Tensor::full(stream, {2, 5, 8}, -1.0);
    ASSERT_EQ(packed_nbytes(gpu(), sizes), packed.storage().nbytes);
    const MatrixView view(packed.storage().buffer,
                          {.rows = 5, .columns = 7, .row_stride = 8, .batch = 2});
    run_pack(stream, sizes, b, view, BuiltPlan(stream, plan_pack(gpu(), sizes)));
    // The product by the identity is b itself.
    std::vector<float> ones(25, 0.0f);
    for (std::size_t i = 0; i < 5; ++i) ones[i * 6] = 1.0f;
    const Tensor identity = Tensor::from_host<float>(context(), ones, {5, 5});
    const auto expected =
        matmul(stream, identity, b, {.backend = MatmulBackend::reference, .transpose_b = transpose})
            .to_host<float>(stream);
    const auto given = packed.to_host<float>(stream);
    for (std::size_t i = 0; i < given.size(); ++i) {
      const auto row = i / 8, column = i % 8;
      EXPECT_EQ(given[i], column < 7 ? expected[row * 7 + column] : -1.0f) << i;
    }
  }
}

}  // namespace
}  // namespace dovetail::detail
