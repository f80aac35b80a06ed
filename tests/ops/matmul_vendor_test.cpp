// SPDX-License-Identifier: Apache-2.0
// What CLBlast is asked for, what it is not, and what it must not be trusted with.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/before_build.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
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
  std::future<Tensor> left;  // ends after what it waits for
};

TEST_F(MatmulVendor, CompilesWithoutHoldingUpOtherWorkOfTheStream) {
  const Context fresh(context().device());  // where CLBlast has compiled nothing yet
  const Stream shared(fresh);
  const Tensor a = Tensor::full(shared, {4, 4}, 2.0), x = Tensor::full(shared, {4}, -1.0);
  static_cast<void>(relu(shared, x));  // compiles its own kernel
  bool was_called = false;
  test::before_next_build([&] {
    auto done = std::async(std::launch::async, [&] { return relu(shared, x); });
    was_called = true;
    EXPECT_EQ(done.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    left = std::move(done);
  });
  const Tensor product = matmul(shared, a, a, {.backend = MatmulBackend::clblast});
  EXPECT_TRUE(was_called);
  EXPECT_EQ(product.to_host<float>(shared), std::vector<float>(16, 16.0f));
}

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

// From this size on CLBlast takes its fast kernel on PoCL's CPUs, and whole blocks are used in
// place: then it looks neither at offsets nor at distances between matrices.
constexpr std::int64_t size = 576, matrix = size * size, room = 2 * (matrix + 1024);

/// Where a batch of two lies.
struct Place {
  std::int64_t offset, batch_stride;
};

class MatmulVendorBatch : public MatmulVendor {
 protected:
  /// Both backends are within gamma(576) 576 of the exact product; what lies elsewhere is NaN.
  void expect_equal(const Place& a_place, const Place& b_place, const Place& out_place) {
    const MatrixView a = view(a_place, 71), b = view(b_place, 72);
    const auto by = [&](MatmulBackend backend) {
      const MatrixView out = view(out_place, 0);
      matmul_into(stream, a, b, out, {.backend = backend});
      return Tensor::from_buffer(out.storage().buffer, {room}).to_host<float>(stream);
    };
    const auto given = by(MatmulBackend::clblast), expected = by(MatmulBackend::kernel);
    for (std::size_t i = 0; i < given.size(); ++i) {
      const bool is_nan = given[i] != given[i], must_be_nan = expected[i] != expected[i];
      ASSERT_EQ(is_nan, must_be_nan) << i;
      if (!is_nan) {
        ASSERT_NEAR(given[i], expected[i], 2 * 576 * 0x1p-24 * 576) << i;
      }
    }
  }
  static MatrixView view(const Place& place, std::uint32_t seed) {
    std::vector<float> memory(static_cast<std::size_t>(room),
                              std::numeric_limits<float>::quiet_NaN());
    const auto values = random_values(static_cast<std::size_t>(2 * matrix), seed);
    for (std::int64_t i = 0; seed != 0 && i < 2; ++i) {
      std::copy_n(values.begin() + i * matrix, matrix,
                  memory.begin() + place.offset + i * place.batch_stride);
    }
    return {Buffer(context(), memory.size() * sizeof(float), memory.data()),
            {.rows = size, .columns = size, .batch = 2, .batch_stride = place.batch_stride},
            DType::f32,
            static_cast<std::size_t>(place.offset) * sizeof(float)};
  }
};

constexpr Place packed{0, matrix};

TEST_F(MatmulVendorBatch, BeginsAnywhere) {
  expect_equal({1024, matrix}, packed, packed);
  expect_equal(packed, {512, matrix}, packed);
  expect_equal(packed, packed, {1024, matrix});
}

TEST_F(MatmulVendorBatch, TakesMatricesAnyDistanceApart) {
  expect_equal({0, matrix + 512}, packed, packed);
  expect_equal(packed, {0, matrix + 512}, packed);
  expect_equal(packed, packed, {0, matrix + 512});
  expect_equal({0, 0}, packed, packed);
}

TEST_F(MatmulVendorBatch, TakesMatricesThatFollowEachOther) {
  expect_equal(packed, packed, packed);
}

TEST_F(MatmulVendor, AddsAResidualThatLiesWhereOutDoesForEachBeta) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor a = Tensor::from_host<float>(context(), std::vector<float>{1, 2, 3, 4}, {2, 2});
  const Tensor one = Tensor::from_host<float>(context(), std::vector<float>{1, 0, 0, 1}, {2, 2});
  const Tensor bias = Tensor::from_host<float>(context(), std::vector<float>{-2, 100}, {2});
  for (const double beta : {0.0, 1.0, -1.0, 0.5}) {
    const Tensor out =
        Tensor::from_host<float>(context(), std::vector<float>{10, 20, nan, 40}, {2, 2});
    matmul_into(stream, a, one, out, {.backend = MatmulBackend::clblast},
                {.alpha = 2.0,
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
