// SPDX-License-Identifier: Apache-2.0
// Which places of out matmul refuses, as they overlap an operand or each other.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/matmul_refusal.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::expect_throws;
using test::MatmulRefusal;

TEST_F(MatmulRefusal, OutOverlapsAnOperand) {
  const Tensor square = zeros({4, 4});
  const Tensor other = zeros({4, 4});
  expect_parts(refusal_into(square, other, square), "[matmul] out [4, 4] overlaps a [4, 4]",
               "give other memory");
  expect_parts(refusal_into(other, square, square), "out [4, 4] overlaps b [4, 4]");
  const Tensor room = zeros({100});
  const auto at = [&](std::size_t element) {
    return Tensor::from_buffer(room.storage().buffer, {4, 4}, DType::f32, element * sizeof(float));
  };
  expect_parts(refusal_into(at(0), other, at(15)), "overlaps a [4, 4]");
  expect_parts(refusal_into(other, at(30), at(15)), "overlaps b [4, 4]");
  EXPECT_NO_THROW(matmul_into(stream, at(0), at(32), at(16)));  // side by side is fine
}

TEST_F(MatmulRefusal, MatricesOfOutOverlap) {
  const Tensor room = zeros({200});
  const auto out = [&](std::int64_t row_stride, std::int64_t batch_stride) {
    return MatrixView(room.storage().buffer, {.rows = 3,
                                              .columns = 4,
                                              .row_stride = row_stride,
                                              .batch = 3,
                                              .batch_stride = batch_stride});
  };
  const Tensor a = zeros({3, 3, 2}), b = zeros({3, 2, 4});
  const auto multiply = [&](std::int64_t row_stride, std::int64_t batch_stride) {
    matmul_into(stream, a, b, out(row_stride, batch_stride));
  };
  expect_throws<InvalidArgument>([&] { multiply(4, 0); }, "[matmul] out [3, 3, 4]",
                                 "all of the batch would be written to one matrix",
                                 "give a batch_stride");
  for (const auto& [row_stride, batch_stride] :
       {std::array{4, 11}, std::array{4, 4}, std::array{5, 1}, std::array{20, 3}, std::array{10, 4},
        std::array{10, 21}, std::array{9, 6}}) {
    expect_throws<InvalidArgument>(
        [&] { multiply(row_stride, batch_stride); },
        "its matrices, " + std::to_string(batch_stride) + " elements apart, overlap",
        "give a larger");
  }
  for (const auto& [row_stride, batch_stride] :
       {std::array{4, 12}, std::array{12, 4}, std::array{13, 4}, std::array{8, 20},
        std::array{20, 5}, std::array{8, 28}}) {
    EXPECT_NO_THROW(multiply(row_stride, batch_stride)) << row_stride << ", " << batch_stride;
  }
}

TEST_F(MatmulRefusal, OutSharesElementsWithAnOperandInAWiderMatrix) {
  const MatrixView wide = zeros({4, 20});
  const Tensor b = zeros({5, 6});
  const auto multiply = [&](std::int64_t a_column, std::int64_t out_column) {
    matmul_into(stream, wide.block(0, a_column, 4, 5), b, wide.block(0, out_column, 4, 6));
  };
  EXPECT_NO_THROW(multiply(0, 5));
  EXPECT_NO_THROW(multiply(6, 0));
  EXPECT_NO_THROW(multiply(15, 9));
  for (const auto& [a_column, out_column] :
       {std::array{0, 4}, std::array{5, 0}, std::array{3, 3}, std::array{15, 10}}) {
    expect_throws<InvalidArgument>(
        [&] { multiply(a_column, out_column); },
        "[matmul] out [4, 6] with rows 20 apart overlaps a [4, 5] with rows 20 apart");
  }
  // Rows at other distances meet somewhere.
  expect_throws<InvalidArgument>(
      [&] {
        matmul_into(stream, wide.block(0, 0, 4, 5), b,
                    MatrixView(wide.storage().buffer, {.rows = 4, .columns = 6, .row_stride = 10},
                               DType::f32, 20 * sizeof(float)));
      },
      "cannot be told apart", "give other memory");
}

TEST_F(MatmulRefusal, SparesABatchBesideAnotherInTheSameRows) {
  // Three times two heads of four columns, for five tokens.
  const Tensor room = zeros({5, 24});
  const auto heads = [&](std::size_t first, std::int64_t distance) {
    return MatrixView(
        room.storage().buffer,
        {.rows = 5, .columns = 4, .row_stride = 24, .batch = 2, .batch_stride = distance},
        DType::f32, first * sizeof(float));
  };
  const Tensor b = zeros({4, 4});
  EXPECT_NO_THROW(matmul_into(stream, heads(0, 4), b, heads(8, 4)));
  EXPECT_NO_THROW(matmul_into(stream, heads(16, 4), b, heads(8, 4)));
  EXPECT_NO_THROW(matmul_into(stream, heads(16, 4), b, heads(0, 12)));
  for (const auto& [a_at, out_at] : {std::array{0, 4}, std::array{8, 8}, std::array{12, 8}}) {
    expect_throws<InvalidArgument>(
        [&] { matmul_into(stream, heads(a_at, 4), b, heads(out_at, 4)); },
        "[matmul] out [2, 5, 4] with rows 24 apart overlaps a");
  }
  // In turns: true is that they share nothing, but not that this is seen.
  expect_throws<InvalidArgument>([&] { matmul_into(stream, heads(0, 12), b, heads(4, 12)); },
                                 "cannot be told apart", "give other memory");
}

}  // namespace
}  // namespace dovetail
