// SPDX-License-Identifier: Apache-2.0
// What CLBlast is asked for, what it is not, and what it must not be trusted with.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::Product;
using test::random_values;

class MatmulVendor : public testing::Test {
 protected:
  void SetUp() override {
    const auto& backends = matmul_backends();
    if (std::ranges::find(backends, MatmulBackend::clblast) == backends.end()) {
      GTEST_SKIP() << "this build has no CLBlast";
    }
  }
  void TearDown() override { stream.synchronize(); }

  std::string refusal(DType in, DType out) {
    const Tensor a = Tensor::zeros(stream, {4, 4}, in);
    const auto error = test::caught<VendorError>([&] {
      matmul_into(stream, a, a, Tensor::zeros(stream, {4, 4}, out),
                  {.backend = MatmulBackend::clblast});
    });
    if (!error) return {};
    EXPECT_EQ(error->routine(), "CLBlast Gemm");
    status = error->status();
    return error->what();
  }

  const Stream stream{context()};
  int status = 0;
};

TEST_F(MatmulVendor, RefusesTypesThatItDoesNotOfferAndSaysWhatToDo) {
  expect_parts(refusal(DType::bf16, DType::bf16), "bfloat16 to bfloat16", "not offered",
               "use another backend");
  EXPECT_EQ(status, -1024);
  expect_parts(refusal(DType::i8, DType::i32), "int8 to int32", "use another backend");
  expect_parts(refusal(DType::f16, DType::f32), "float16 to float32", "use another backend");
  expect_parts(refusal(DType::bf16, DType::f32), "bfloat16 to float32", "use another backend");
}

TEST_F(MatmulVendor, RefusesHalfWhereTheDeviceDoesNotComputeIt) {
  if (stream.device().has_extension("cl_khr_fp16")) GTEST_SKIP() << "the device does";
  expect_parts(refusal(DType::f16, DType::f16), "cl_khr_fp16", stream.device().name(),
               "use another backend");
  EXPECT_EQ(status, -2045);
}

TEST_F(MatmulVendor, TakesBatchesWhoseMatricesDoNotFollowEachOtherFromTheBuffersStart) {
  // Of these sizes the fast kernel uses operands in place, and then looks neither at offsets nor at
  // distances between matrices.
  const Product product{.m = 256, .n = 256, .k = 256, .batch = 2};
  constexpr std::int64_t size = 256, matrix = size * size;
  struct Place {
    std::int64_t offset, batch_stride;
  };
  const auto a = random_values(product.a_size(), 71), b = random_values(product.b_size(), 72);
  for (const auto& [a_place, b_place, out_place] :
       {std::array<Place, 3>{{{1024, matrix}, {0, matrix}, {0, matrix}}},
        std::array<Place, 3>{{{0, matrix}, {0, matrix + 512}, {0, matrix}}},
        std::array<Place, 3>{{{0, matrix}, {0, matrix}, {512, matrix + 512}}},
        std::array<Place, 3>{{{0, matrix}, {0, matrix}, {0, matrix}}}}) {
    const auto view = [&](const Place& place, const std::vector<float>* values) {
      std::vector<float> memory(static_cast<std::size_t>(2 * (matrix + 1024)),
                                std::numeric_limits<float>::quiet_NaN());
      for (std::int64_t i = 0; values != nullptr && i < 2; ++i) {
        std::copy_n(values->begin() + i * matrix, matrix,
                    memory.begin() + place.offset + i * place.batch_stride);
      }
      return MatrixView(
          Buffer(context(), memory.size() * sizeof(float), memory.data()),
          {.rows = size, .columns = size, .batch = 2, .batch_stride = place.batch_stride},
          DType::f32, static_cast<std::size_t>(place.offset) * sizeof(float));
    };
    const MatrixView out = view(out_place, nullptr);
    matmul_into(stream, view(a_place, &a), view(b_place, &b), out,
                {.backend = MatmulBackend::clblast});
    const auto memory =
        Tensor::from_buffer(out.storage().buffer, {2 * (matrix + 1024)}).to_host<float>(stream);
    std::vector<float> given;
    for (std::int64_t i = 0; i < 2; ++i) {
      const auto begin = memory.begin() + out_place.offset + i * out_place.batch_stride;
      given.insert(given.end(), begin, begin + matrix);
    }
    test::expect_product(product, a, b, given);
    if (HasFatalFailure()) return;
  }
}

TEST_F(MatmulVendor, TakesAMatrixThatAllOfALargeBatchShare) {
  const Product product{.m = 256, .n = 256, .k = 256, .batch = 2};
  auto a = random_values(256 * 256, 73);
  const auto b = random_values(product.b_size(), 74);
  const Tensor out = matmul(stream, Tensor::from_host<float>(context(), a, {256, 256}),
                            Tensor::from_host<float>(context(), b, {2, 256, 256}),
                            {.backend = MatmulBackend::clblast});
  a.insert(a.end(), a.begin(), a.begin() + 256 * 256);
  test::expect_product(product, a, b, out.to_host<float>(stream));
}

TEST_F(MatmulVendor, AddsAResidualThatLiesWhereOutDoesForEachBeta) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor a = Tensor::from_host<float>(context(), std::vector<float>{1, 2, 3, 4}, {2, 2});
  const Tensor one = Tensor::from_host<float>(context(), std::vector<float>{1, 0, 0, 1}, {2, 2});
  const Tensor bias = Tensor::from_host<float>(context(), std::vector<float>{-2, 100}, {2});
  for (const double beta : {0.0, 1.0, -1.0, 0.5}) {
    const Tensor out =
        Tensor::from_host<float>(context(), std::vector<float>{10, 20, nan, 40}, {2, 2});
    matmul_into(stream, a, one, out,
                {.backend = MatmulBackend::clblast,
                 .alpha = 2.0,
                 .beta = beta,
                 .bias = bias,
                 .residual = out,
                 .activation = Activation::relu});
    const auto given = out.to_host<float>(stream);
    const auto kept = static_cast<float>(beta) + 1;
    EXPECT_EQ(given[0], kept * 10) << beta;
    EXPECT_EQ(given[1], 104 + kept * 20) << beta;
    EXPECT_TRUE(given[2] != given[2]) << beta;
    EXPECT_EQ(given[3], 108 + kept * 40) << beta;
  }
}

}  // namespace
}  // namespace dovetail
