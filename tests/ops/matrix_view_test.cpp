// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matrix_view.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "dovetail/core/error.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;

class MatrixViewTest : public testing::Test {
 protected:
  std::string refusal(const MatrixLayout& layout, DType dtype = DType::f32,
                      std::size_t offset = 0) {
    return test::text_thrown<InvalidArgument>([&] { MatrixView(buffer, layout, dtype, offset); });
  }
  std::string block_refusal(std::int64_t row, std::int64_t column, std::int64_t rows,
                            std::int64_t columns) {
    return test::text_thrown<InvalidArgument>(
        [&] { MatrixView(buffer, {.rows = 4, .columns = 5}).block(row, column, rows, columns); });
  }
  const Stream stream{context()};
  const Buffer buffer{context(), 1000};
};

TEST_F(MatrixViewTest, TensorBecomesAViewOfAllOfIt) {
  const Tensor tensor = Tensor::from_buffer(buffer, {4, 5}, DType::f16, 10 * size_of(DType::f16));
  const MatrixView view = tensor;
  EXPECT_EQ(view.rows(), 4);
  EXPECT_EQ(view.columns(), 5);
  EXPECT_EQ(view.row_stride(), 5);
  EXPECT_EQ(view.batch(), 1);
  EXPECT_EQ(view.dtype(), DType::f16);
  EXPECT_EQ(view.storage().offset, 20U);
  EXPECT_EQ(view.storage().nbytes, 40U);
  EXPECT_TRUE(view.storage().buffer == buffer);
  EXPECT_EQ(view.str(), "[4, 5]");
}

TEST_F(MatrixViewTest, TensorOfThreeDimensionsBecomesABatch) {
  const MatrixView view = Tensor::from_buffer(buffer, {3, 4, 5});
  EXPECT_EQ(view.batch(), 3);
  EXPECT_EQ(view.rows(), 4);
  EXPECT_EQ(view.columns(), 5);
  EXPECT_EQ(view.batch_stride(), 20);
  EXPECT_EQ(view.str(), "[3, 4, 5]");
}

TEST_F(MatrixViewTest, RefusesATensorOfOtherDimensions) {
  for (const Shape& shape : {Shape{}, Shape{4}, Shape{1, 2, 3, 4}}) {
    expect_throws<InvalidArgument>([&] { MatrixView(Tensor::zeros(stream, shape)); },
                                   "[MatrixView]", shape.str(), "must have 2 dimensions, or 3",
                                   "reshape");
  }
}

TEST_F(MatrixViewTest, HasPackedRowsAndMatricesUnlessToldOtherwise) {
  const MatrixView packed(buffer, {.rows = 3, .columns = 4, .batch = 2});
  EXPECT_EQ(packed.row_stride(), 4);
  EXPECT_EQ(packed.batch_stride(), 12);
  EXPECT_EQ(packed.storage().nbytes, 24 * sizeof(float));
  const MatrixView apart(buffer, {.rows = 3, .columns = 4, .row_stride = 7, .batch = 2}, DType::f64,
                         16);
  EXPECT_EQ(apart.batch_stride(), 21);
  EXPECT_EQ(apart.storage().offset, 16U);
  EXPECT_EQ(apart.storage().nbytes, (21 + 14 + 4) * sizeof(double)) << "up to its last element";
  EXPECT_EQ(apart.str(), "[2, 3, 4] with rows 7 apart");
}

TEST_F(MatrixViewTest, MatrixForAllOfABatchTakesItsOwnSize) {
  const MatrixView shared(buffer, {.rows = 3, .columns = 4, .batch = 100, .batch_stride = 0});
  EXPECT_EQ(shared.batch_stride(), 0);
  EXPECT_EQ(shared.storage().nbytes, 12 * sizeof(float));
}

TEST_F(MatrixViewTest, ReachesExactlyToTheEndOfItsBuffer) {
  EXPECT_NO_THROW(MatrixView(buffer, {.rows = 10, .columns = 25}));
  EXPECT_NO_THROW(MatrixView(buffer, {.rows = 2, .columns = 1, .row_stride = 249}));
  EXPECT_NO_THROW(MatrixView(buffer, {.rows = 0, .columns = 25}, DType::f32, 1000));
  expect_parts(refusal({.rows = 10, .columns = 26}), "[MatrixView] [10, 26] of float32",
               "does not fit behind offset 0", "1000 bytes");
  expect_parts(refusal({.rows = 10, .columns = 25}, DType::f32, 4), "behind offset 4");
  expect_parts(refusal({.rows = 2, .columns = 1, .row_stride = 250}), "does not fit");
  expect_parts(refusal({.rows = 1, .columns = 1, .batch = 2, .batch_stride = 250}), "[2, 1, 1]",
               "does not fit");
  expect_parts(refusal({.rows = 1, .columns = 1}, DType::f32, 1004), "behind offset 1004");
}

TEST_F(MatrixViewTest, RefusesSizesThatNoNumberHolds) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  expect_parts(refusal({.rows = most, .columns = most}), "does not fit");
  expect_parts(refusal({.rows = 3, .columns = 1, .row_stride = most}), "does not fit");
  expect_parts(refusal({.rows = 1, .columns = 1, .batch = 3, .batch_stride = most}),
               "does not fit");
  expect_parts(refusal({.rows = 2, .columns = most / 2}), "does not fit");
}

TEST_F(MatrixViewTest, RefusesNegativeSizesShortStridesAndOddOffsets) {
  for (const MatrixLayout& layout :
       {MatrixLayout{.rows = -1, .columns = 1}, MatrixLayout{.rows = 1, .columns = -1},
        MatrixLayout{.rows = 1, .columns = 1, .batch = -1},
        MatrixLayout{.rows = 1, .columns = 1, .batch_stride = -1},
        MatrixLayout{.rows = 2, .columns = 4, .row_stride = 3}}) {
    expect_parts(refusal(layout), "[MatrixView]", "must not be negative",
                 "rows closer than they are long");
  }
  expect_parts(refusal({.rows = 1, .columns = 1}, DType::f64, 4), "offset 4", "8 bytes", "float64");
}

TEST_F(MatrixViewTest, BlockKeepsTheDistancesAndStartsInside) {
  const MatrixView whole(buffer, {.rows = 4, .columns = 5, .row_stride = 8, .batch = 2}, DType::f32,
                         12);
  const MatrixView block = whole.block(1, 2, 3, 2);
  EXPECT_EQ(block.rows(), 3);
  EXPECT_EQ(block.columns(), 2);
  EXPECT_EQ(block.row_stride(), 8);
  EXPECT_EQ(block.batch(), 2);
  EXPECT_EQ(block.batch_stride(), 32);
  EXPECT_EQ(block.storage().offset, 12 + (8 + 2) * sizeof(float));
  EXPECT_EQ(block.storage().nbytes, (32 + 16 + 2) * sizeof(float));
  const MatrixView inner = block.block(1, 1, 2, 1);
  EXPECT_EQ(inner.storage().offset, 12 + (16 + 3) * sizeof(float));
  EXPECT_EQ(whole.block(4, 5, 0, 0).rows(), 0);
  EXPECT_EQ(whole.block(0, 0, 4, 5).storage().nbytes, whole.storage().nbytes);
}

TEST_F(MatrixViewTest, BlockThatIsNotInsideIsRefused) {
  expect_parts(block_refusal(1, 0, 4, 5),
               "[MatrixView::block] 4 rows from 1 on and 5 columns from 0 on are not inside [4, 5]",
               "name a part");
  expect_parts(block_refusal(0, 3, 1, 3), "3 columns from 3 on");
  expect_parts(block_refusal(5, 0, 0, 0), "0 rows from 5 on");
  expect_parts(block_refusal(0, 6, 0, 0), "0 columns from 6 on");
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  expect_parts(block_refusal(most, 0, most, 1),
               "9223372036854775807 rows from 9223372036854775807 on");
  for (const auto& [row, column, rows, columns] :
       {std::array{-1, 0, 1, 1}, std::array{0, -1, 1, 1}, std::array{0, 0, -1, 1},
        std::array{0, 0, 1, -1}}) {
    expect_parts(block_refusal(row, column, rows, columns), "not inside");
  }
}

}  // namespace
}  // namespace dovetail
