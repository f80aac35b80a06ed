// SPDX-License-Identifier: Apache-2.0
// What matmul refuses, before a backend is asked.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matmul_refusal.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::expect_throws;
using test::MatmulRefusal;
using test::text_thrown;

TEST_F(MatmulRefusal, NamesInnerSizesThatDiffer) {
  EXPECT_EQ(refusal(zeros({64, 32}), zeros({16, 8})),
            "[matmul] a [64, 32] and b [16, 8]: inner sizes 32 and 16 differ.");
  EXPECT_EQ(refusal(zeros({64, 32}), zeros({32, 8}), {.transpose_a = true}),
            "[matmul] a [64, 32] transposed and b [32, 8]: inner sizes 64 and 32 differ.");
  EXPECT_EQ(refusal(zeros({64, 32}), zeros({32, 8}), {.transpose_b = true}),
            "[matmul] a [64, 32] and b [32, 8] transposed: inner sizes 32 and 8 differ.");
  EXPECT_EQ(refusal(zeros({2, 4, 3}), zeros({2, 4, 3})),
            "[matmul] a [2, 4, 3] and b [2, 4, 3]: inner sizes 3 and 4 differ.");
}

TEST_F(MatmulRefusal, NamesBatchesThatDiffer) {
  EXPECT_EQ(refusal(zeros({2, 4, 3}), zeros({5, 3, 4})),
            "[matmul] a [2, 4, 3] and b [5, 3, 4]: batches 2 and 5 differ.");
}

TEST_F(MatmulRefusal, AsksForTwoOrThreeDimensions) {
  for (const Shape& shape : {Shape{4}, Shape{}, Shape{1, 2, 4, 4}}) {
    expect_parts(refusal(zeros(shape), zeros({4, 4})), "[matmul]", "a " + shape.str(),
                 "2 dimensions, or 3", "reshape");
    expect_parts(refusal(zeros({4, 4}), zeros(shape)), "[matmul]", "b " + shape.str(),
                 "2 dimensions, or 3", "reshape");
  }
}

TEST_F(MatmulRefusal, NamesOtherTypesAndContexts) {
  const Tensor good = zeros({4, 4});
  expect_parts(refusal(zeros({4, 4}, DType::f64), good), "[matmul]", "a [4, 4]",
               "float64 and float32 differ");
  expect_parts(refusal(good, zeros({4, 4}, DType::i32)), "[matmul]", "b [4, 4]", "int32");
  expect_parts(refusal_into(good, good, zeros({4, 4}, DType::u8)), "out [4, 4]", "uint8");
  const Tensor foreign = Tensor::zeros(Stream(test::other_context()), {4, 4});
  expect_parts(refusal(foreign, good), "[matmul]", "a [4, 4]", "another context");
  expect_parts(refusal(good, foreign), "[matmul]", "b [4, 4]", "another context");
  expect_parts(refusal_into(good, good, foreign), "out [4, 4]", "another context");
}

TEST_F(MatmulRefusal, NamesTheShapeThatOutShouldHave) {
  expect_parts(refusal_into(zeros({4, 3}), zeros({3, 5}), zeros({5, 4})), "[matmul]", "out [5, 4]",
               "a [4, 3]", "b [3, 5]", "is [4, 5]", "give an out of that shape");
  expect_parts(refusal_into(zeros({1, 4, 3}), zeros({1, 3, 5}), zeros({4, 5})), "is [1, 4, 5]");
}

TEST_F(MatmulRefusal, TypeIsNotMultiplied) {
  for (const DType dtype : {DType::i32, DType::i64, DType::u8, DType::boolean}) {
    EXPECT_EQ(refusal(zeros({4, 4}, dtype), zeros({4, 4}, dtype)),
              "[matmul] a [4, 4] is " + std::string(to_string(dtype)) +
                  "; float32, float64, float16, bfloat16 and int8 are multiplied.");
  }
  EXPECT_EQ(refusal(zeros({4, 4}, DType::f16), zeros({4, 4}, DType::bf16)),
            "[matmul] a [4, 4] and b [4, 4]: dtypes float16 and bfloat16 differ; cast one.");
}

TEST_F(MatmulRefusal, OutHasAnotherTypeThanTheResult) {
  const auto of_out = [&](DType in, DType out) {
    return refusal_into(zeros({4, 4}, in), zeros({4, 4}, in), zeros({4, 4}, out));
  };
  EXPECT_EQ(of_out(DType::f32, DType::f16),
            "[matmul] out [4, 4] is float16; the product of float32 is float32.");
  EXPECT_EQ(of_out(DType::f16, DType::bf16),
            "[matmul] out [4, 4] is bfloat16; the product of float16 is float16 or float32.");
  EXPECT_EQ(of_out(DType::bf16, DType::f64),
            "[matmul] out [4, 4] is float64; the product of bfloat16 is bfloat16 or float32.");
  EXPECT_EQ(of_out(DType::i8, DType::i8),
            "[matmul] out [4, 4] is int8; the product of int8 is int32.");
  EXPECT_EQ(of_out(DType::i8, DType::f32),
            "[matmul] out [4, 4] is float32; the product of int8 is int32.");
}

TEST_F(MatmulRefusal, BackendOrActivationIsUnknown) {
  const Tensor a = zeros({4, 4});
  for (const int value : {-1, 4, 7}) {
    const auto backend = static_cast<MatmulBackend>(value);
    EXPECT_EQ(refusal(a, a, {.backend = backend}),
              "[matmul] backend " + std::to_string(value) +
                  " is no MatmulBackend; take one that matmul_backends() lists.");
    EXPECT_EQ(to_string(backend), "unknown");
  }
  for (const int value : {-1, 5, 99}) {
    const auto activation = static_cast<Activation>(value);
    expect_parts(refusal(a, a, {}, {.activation = activation}),
                 "[matmul] activation " + std::to_string(value) + " is no Activation",
                 "from none to silu");
    EXPECT_EQ(to_string(activation), "unknown");
  }
}

TEST_F(MatmulRefusal, IntegersLackTheFactorOrActivation) {
  const Tensor a = zeros({4, 4}, DType::i8);
  for (const double alpha : {0.5, 2147483648.0, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    expect_parts(refusal(a, a, {}, {.alpha = alpha}), "[matmul] alpha",
                 "products of int8 are int32", "whole numbers");
  }
  expect_throws<InvalidArgument>(
      [&] {
        matmul_into(stream, a, a, zeros({4, 4}, DType::i32), {}, {.beta = -0.25});
      },
      "beta -0.25", "whole numbers");
  EXPECT_EQ(refusal(a, a, {}, {.activation = Activation::silu}),
            "[matmul] activation silu of an int32 result; only relu is defined there.");
  EXPECT_NO_THROW(matmul(stream, a, a, {}, {.alpha = -2147483647, .activation = Activation::relu}));
}

TEST_F(MatmulRefusal, BiasDoesNotFit) {
  const Tensor a = zeros({4, 3}), b = zeros({3, 5}), out = zeros({4, 5});
  const auto with = [&](const Tensor& bias) {
    return text_thrown<InvalidArgument>(
        [&] { matmul_into(stream, a, b, out, {}, {.bias = bias}); });
  };
  EXPECT_EQ(with(zeros({4})), "[matmul] bias [4]: the result [4, 5] takes one of [5]; reshape it.");
  EXPECT_EQ(with(zeros({1, 5})),
            "[matmul] bias [1, 5]: the result [4, 5] takes one of [5]; reshape it.");
  EXPECT_EQ(with(zeros({5}, DType::f64)),
            "[matmul] bias [5] is float64, but the result [4, 5] is float32; cast it.");
  expect_parts(with(Tensor::zeros(Stream(test::other_context()), {5})), "[matmul] bias [5]",
               "another context");
  expect_parts(with(Tensor::from_buffer(out.storage().buffer, {5})),
               "[matmul] out [4, 5] overlaps bias [5]", "give other memory");
}

TEST_F(MatmulRefusal, ResidualDoesNotFit) {
  const Tensor a = zeros({4, 3}), b = zeros({3, 5}), room = zeros({10, 10});
  const MatrixView out = MatrixView(room).block(0, 0, 4, 5);
  const auto with = [&](const MatrixView& residual) {
    return text_thrown<InvalidArgument>(
        [&] { matmul_into(stream, a, b, out, {}, {.residual = residual}); });
  };
  EXPECT_EQ(with(zeros({5, 4})),
            "[matmul] residual [5, 4] of float32: the result is [4, 5] with "
            "rows 10 apart of float32; give one of that shape and dtype.");
  expect_parts(with(zeros({4, 5}, DType::f64)), "residual [4, 5] of float64", "of float32");
  expect_parts(with(zeros({2, 4, 5})), "residual [2, 4, 5] of float32");
  expect_parts(with(Tensor::zeros(Stream(test::other_context()), {4, 5})),
               "[matmul] residual [4, 5]", "another context");
  expect_parts(with(MatrixView(room).block(1, 0, 4, 5)), "[matmul] out [4, 5] with rows 10 apart",
               "overlaps residual [4, 5] with rows 10 apart", "give other memory");
  expect_parts(with(MatrixView(room).block(0, 4, 4, 5)), "overlaps residual");
  EXPECT_NO_THROW(matmul_into(stream, a, b, out, {}, {.residual = out}));
  EXPECT_NO_THROW(
      matmul_into(stream, a, b, out, {}, {.residual = MatrixView(room).block(0, 5, 4, 5)}));
}

TEST_F(MatmulRefusal, RowsLieTooFarApart) {
  const Tensor a = zeros({1, 3}), b = zeros({3, 5});
  constexpr std::int64_t far = std::int64_t{1} << 32;
  const MatrixView out(zeros({5}).storage().buffer, {.rows = 1, .columns = 5, .row_stride = far});
  expect_throws<InvalidArgument>([&] { matmul_into(stream, a, b, out); },
                                 "[matmul] out [1, 5] with rows 4294967296 apart",
                                 "rows more than 4294967295 elements apart", "closer together");
}

TEST_F(MatmulRefusal, SizeExceedsTheCount) {
  constexpr std::int64_t many = std::int64_t{1} << 31;
  const MatrixView a(zeros({1}).storage().buffer,
                     {.rows = 1, .columns = 1, .batch = many, .batch_stride = 0});
  const Tensor b = zeros({1, 1});
  expect_throws<InvalidArgument>([&] { matmul_into(stream, a, b, a); }, "a size above 2147483647",
                                 "split the product");
}

TEST_F(MatmulRefusal, ListsDifferInLength) {
  const MatrixView good = zeros({4, 4}), out = zeros({4, 4}), bad = zeros({5, 4});
  const std::vector<MatrixView> one{good}, two{good, good}, outs{out, zeros({4, 4})};
  expect_throws<InvalidArgument>([&] { matmul_batched_into(stream, two, one, outs); },
                                 "[matmul_batched_into] 2 matrices a, 1 b, 2 out", "one of each");
  expect_throws<InvalidArgument>(
      [&] { matmul_batched_into(stream, two, two, outs, {}, {.residual = out}); },
      "[matmul_batched_into] 2 matrices a, 2 b, 2 out and 1 residuals", "one of each");
  EXPECT_NO_THROW(matmul_batched_into(stream, {}, {}, {}));
  // All are checked before the first runs.
  const Tensor kept = Tensor::full(stream, {4, 4}, 7.0);
  const std::vector<MatrixView> wrong{good, bad}, first_kept{kept, out};
  expect_throws<InvalidArgument>([&] { matmul_batched_into(stream, two, wrong, first_kept); },
                                 "[matmul_batched_into] product 1 of 0 to 1: [matmul]",
                                 "inner sizes 4 and 5 differ");
  EXPECT_EQ(kept.to_host<float>(stream), std::vector<float>(16, 7.0F));
}

TEST_F(MatmulRefusal, BackendIsMissingFromThisBuild) {
  for (const MatmulBackend backend : {MatmulBackend::automatic, MatmulBackend::clblast,
                                      MatmulBackend::kernel, MatmulBackend::reference}) {
    const auto multiply = [&] {
      static_cast<void>(matmul(stream, zeros({4, 4}), zeros({4, 4}), {.backend = backend}));
    };
    if (std::ranges::find(matmul_backends(), backend) != matmul_backends().end()) {
      EXPECT_NO_THROW(multiply()) << to_string(backend);
      stream.synchronize();  // PoCL 3.1 crashes when a process ends while it compiles
    } else {
      expect_throws<VendorError>(multiply, "CLBlast", "DOVETAIL_WITH_CLBLAST");
    }
  }
}

}  // namespace
}  // namespace dovetail
