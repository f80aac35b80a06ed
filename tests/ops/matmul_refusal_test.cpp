// SPDX-License-Identifier: Apache-2.0
// What matmul refuses, before a backend is asked.
#include <gtest/gtest.h>

#include <algorithm>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::text_thrown;

class MatmulRefusal : public testing::Test {
 protected:
  void TearDown() override {
    stream.synchronize();  // PoCL 3.1 crashes when a process ends while it compiles
  }
  Tensor zeros(const Shape& shape, DType dtype = DType::f32) {
    return Tensor::zeros(stream, shape, dtype);
  }
  std::string refusal(const Tensor& a, const Tensor& b, const MatmulOptions& options = {}) {
    return text_thrown<InvalidArgument>([&] { matmul(stream, a, b, options); });
  }
  std::string refusal_into(const Tensor& a, const Tensor& b, const Tensor& out) {
    return text_thrown<InvalidArgument>([&] { matmul_into(stream, a, b, out); });
  }
  Stream stream{context()};
};

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
               "a [4, 3]", "b [3, 5]", "is [4, 5]");
  expect_parts(refusal_into(zeros({1, 4, 3}), zeros({1, 3, 5}), zeros({4, 5})), "is [1, 4, 5]");
}

TEST_F(MatmulRefusal, OfAnOutThatOverlapsAnOperand) {
  const Tensor square = zeros({4, 4});
  const Tensor other = zeros({4, 4});
  expect_parts(refusal_into(square, other, square), "[matmul]", "out overlaps an operand",
               "give other memory");
  expect_parts(refusal_into(other, square, square), "out overlaps an operand");
  const Tensor room = zeros({100});
  const auto at = [&](std::size_t element) {
    return Tensor::from_buffer(room.storage().buffer, {4, 4}, DType::f32, element * sizeof(float));
  };
  expect_parts(refusal_into(at(0), other, at(15)), "out overlaps an operand");
  expect_parts(refusal_into(other, at(30), at(15)), "out overlaps an operand");
  EXPECT_NO_THROW(matmul_into(stream, at(0), at(32), at(16)));  // side by side is fine
}

TEST_F(MatmulRefusal, OfExactlyThoseBackendsThatAreNotInThisBuild) {
  for (const MatmulBackend backend : {MatmulBackend::automatic, MatmulBackend::clblast,
                                      MatmulBackend::kernel, MatmulBackend::reference}) {
    const auto multiply = [&] {
      matmul(stream, zeros({4, 4}), zeros({4, 4}), {.backend = backend});
    };
    if (std::ranges::find(matmul_backends(), backend) != matmul_backends().end()) {
      EXPECT_NO_THROW(multiply()) << to_string(backend);
      stream.synchronize();  // PoCL 3.1 crashes when a process ends while it compiles
    } else {
      expect_parts(text_thrown<VendorError>(multiply), "CLBlast", "DOVETAIL_WITH_CLBLAST");
    }
  }
}

}  // namespace
}  // namespace dovetail
