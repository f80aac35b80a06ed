// SPDX-License-Identifier: Apache-2.0
// Tensors that share the data of others by another layout.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/drawn_tensor.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;
using Values = std::vector<std::int32_t>;

/// 0 to 11 as 3 rows.
Tensor rows() {
  Values values(12);
  std::iota(values.begin(), values.end(), 0);
  return Tensor::from_host<std::int32_t>(context(), values, {3, 4});
}
Values values_of(const Tensor& tensor) { return tensor.to_host<std::int32_t>(Stream(context())); }

TEST(TensorViews, GiveTheElementsThatTheyName) {
  const Tensor a = rows();
  EXPECT_EQ(values_of(a.transpose()), (Values{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
  EXPECT_EQ(values_of(a.slice(1, 1, 4, 2)), (Values{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(values_of(a.slice(0, -1)), (Values{8, 9, 10, 11}));
  EXPECT_EQ(values_of(a.flip(1)), (Values{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8}));
  EXPECT_EQ(values_of(a.flip(0).flip(1).select(0, 0)), (Values{11, 10, 9, 8}));
  EXPECT_EQ(values_of(a.select(-1, -2)), (Values{2, 6, 10}));
  EXPECT_EQ(values_of(a.select(0, 1).broadcast_to({2, 4})), (Values{4, 5, 6, 7, 4, 5, 6, 7}));
  EXPECT_EQ(a.expand_dims(1).shape(), (Shape{3, 1, 4}));
  EXPECT_EQ(values_of(a.expand_dims(1).squeeze(1).permute({1, 0})), values_of(a.transpose()));
  EXPECT_EQ(values_of(a.slice(1, 0, 4, 3).view({3, 2, 1})), (Values{0, 3, 4, 7, 8, 11}));
  EXPECT_TRUE(values_of(a.slice(0, 2, 2)).empty());
  EXPECT_EQ(values_of(a.select(0, 2).select(0, 3)), Values{11});
}

TEST(TensorViews, SayWhereTheirElementsLie) {
  const Tensor a = rows();
  const Tensor part = a.slice(0, 1, 3).slice(1, 1, 3);
  EXPECT_EQ(part.storage().buffer, a.storage().buffer);
  EXPECT_EQ(part.storage().offset, 5 * sizeof(std::int32_t));
  EXPECT_EQ(part.storage().nbytes, 6 * sizeof(std::int32_t));
  EXPECT_EQ(part.nbytes(), 4 * sizeof(std::int32_t));
  EXPECT_FALSE(part.is_contiguous());
  EXPECT_EQ(part.flip(0).layout().str(), "[2, 2] strides [-4, 1] offset 4");
  EXPECT_TRUE(a.slice(0, 1).is_contiguous());
  EXPECT_EQ(a.slice(1, 4).storage().nbytes, 0u);
}

TEST(TensorViews, TransferWhatTheirLayoutSays) {
  std::mt19937 random(20261127);
  const Stream stream(context());
  for (int i = 0; i < 300; ++i) {
    const Shape shape = test::draw_shape(random);
    const Layout layout = test::draw_layout(random, shape, true);
    SCOPED_TRACE(layout.str());
    std::vector<double> values(static_cast<std::size_t>(layout.range().end));
    std::iota(values.begin(), values.end(), 0.0);
    const Tensor tensor = test::over(values, layout);
    std::vector<double> expected;
    test::for_each_place(
        layout, [&](std::int64_t place) { expected.push_back(static_cast<double>(place)); });
    ASSERT_EQ(tensor.to_host<double>(stream), expected);
  }
}

TEST(TensorViews, RefuseWhatIsNoViewAndNameIt) {
  const Tensor a = rows();
  expect_throws<InvalidArgument>([&] { static_cast<void>(a.transpose().view({12})); },
                                 "[Tensor::view] [4, 3] strides [1, 4]", "[12]", "copy");
  expect_throws<InvalidArgument>([&] { static_cast<void>(a.select(0, 3)); }, "[select] index 3",
                                 "[3, 4]", "-3 to 2");
  expect_throws<InvalidArgument>([&] { static_cast<void>(a.select(0, 0).transpose()); },
                                 "[Tensor::transpose] [4]");
  expect_throws<InvalidArgument>([&] { static_cast<void>(a.slice(2, 0)); }, "[slice] axis 2");
  expect_throws<InvalidArgument>(
      [&] {
        static_cast<void>(a.broadcast_to({3, 5}));
      },
      "[broadcast_to]");
  const Buffer small(context(), 40);
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Tensor::from_buffer(small, a.transpose().layout(), DType::i32)); },
      "[Tensor::from_buffer] [4, 3] strides [1, 4]", "48 bytes", "has 40");
}

TEST(TensorViews, CountAsUsesOfTheirOwnBytesOnly) {
  const Stream left(context()), right(context());
  const Tensor a = Tensor::zeros(left, {2, 1024});
  left.synchronize();
  test::Gate gate(left);
  const Kernel kernel = test::kernel_from("kernel void put(global float* x) { *x = 1; }\n", "put");
  kernel.launch(left, NDRange({1}), a.select(0, 0));
  kernel.launch(right, NDRange({1}), a.select(0, 1));
  right.synchronize(std::chrono::seconds(20));
  EXPECT_EQ(a.select(0, 1).select(0, 0).to_host<float>(right), std::vector<float>{1.0f});
  gate.release();
}

TEST(TensorViews, KernelsRefuseThoseWithGaps) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {4, 32});
  const Kernel kernel = test::kernel_from("kernel void put(global float* x) { *x = 1; }\n", "put");
  expect_throws<InvalidArgument>([&] { kernel.launch(stream, NDRange({1}), a.transpose()); },
                                 "argument 0", "not contiguous", "contiguous(x)");
  expect_throws<InvalidArgument>(
      [&] { kernel.launch(stream, NDRange({1}), updates(a.slice(1, 1))); }, "not contiguous");
  EXPECT_NO_THROW(kernel.launch(stream, NDRange({1}), a.transpose().storage()));
  EXPECT_NO_THROW(kernel.launch(stream, NDRange({1}), whole_buffer(updates(a.transpose()))));
  EXPECT_NO_THROW(kernel.launch(stream, NDRange({1}), a.slice(0, 1)));
}

}  // namespace
}  // namespace dovetail
