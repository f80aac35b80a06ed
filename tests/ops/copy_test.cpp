// SPDX-License-Identifier: Apache-2.0
// Copies of views, of every dtype.
#include "dovetail/ops/copy.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tests/support/drawn_tensor.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

template <typename T>
void expect_copies(std::mt19937& random) {
  const Stream stream(context());
  for (int i = 0; i < 25; ++i) {
    const Shape shape = test::draw_shape(random);
    const Tensor from = test::drawn_tensor<T>(random, test::draw_layout(random, shape, true));
    const Tensor to = test::drawn_tensor<T>(random, test::draw_layout(random, shape, false));
    SCOPED_TRACE(from.layout().str() + " to " + to.layout().str());
    const auto expected = from.to_host<T>(stream);
    const Tensor made = copy(stream, from);
    EXPECT_TRUE(made.is_contiguous());
    ASSERT_EQ(made.to_host<T>(stream), expected);
    copy_into(stream, from, to);
    ASSERT_EQ(to.to_host<T>(stream), expected);
  }
}

TEST(Copy, GivesTheElementsOfEveryTypeFromAnyLayoutToAny) {
  std::mt19937 random(1127);
  expect_copies<std::int8_t>(random);
  expect_copies<std::uint16_t>(random);
  expect_copies<float>(random);
  expect_copies<double>(random);
  expect_copies<std::int64_t>(random);
}

TEST(Copy, WritesNothingBesideItsElements) {
  const Stream stream(context());
  const Tensor room = Tensor::full(stream, {40, 50}, -7.0);
  copy_into(stream, Tensor::full(stream, {1, 20}, 1.0), room.slice(0, 3, 33, 3).slice(1, 5, 45, 2));
  const auto given = room.to_host<float>(stream);
  for (std::int64_t i = 0; i < 40; ++i) {
    for (std::int64_t j = 0; j < 50; ++j) {
      const bool inside = i >= 3 && i < 33 && i % 3 == 0 && j >= 5 && j < 45 && j % 2 == 1;
      ASSERT_EQ(given[static_cast<std::size_t>(i * 50 + j)], inside ? 1.0f : -7.0f)
          << i << ", " << j;
    }
  }
}

TEST(Copy, WithinOneMemoryReadsBeforeItWrites) {
  const Stream stream(context());
  std::vector<float> values{0, 1, 2, 3, 4, 5, 6, 7, 8};
  const Tensor a = Tensor::from_host<float>(context(), values, {3, 3});
  copy_into(stream, a.transpose(), a);
  EXPECT_EQ(a.to_host<float>(stream), (std::vector<float>{0, 3, 6, 1, 4, 7, 2, 5, 8}));
}

TEST(Copy, ContiguousAndReshapeCopyOnlyWhatTheyMust) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {4, 6});
  EXPECT_EQ(contiguous(stream, a).storage().buffer, a.storage().buffer);
  EXPECT_EQ(reshape(stream, a, {24}).storage().buffer, a.storage().buffer);
  const Tensor turned = a.transpose();
  EXPECT_NE(contiguous(stream, turned).storage().buffer, a.storage().buffer);
  const Tensor flat = reshape(stream, turned, {24});
  EXPECT_NE(flat.storage().buffer, a.storage().buffer);
  EXPECT_EQ(flat.shape(), Shape{24});
}

TEST(Copy, ReturnsBeforeTheWorkRunsAndUsesTheCurrentStream) {
  const Stream stream(context());
  const StreamGuard guard(stream);
  const Tensor a = Tensor::full({2, 3}, 4.0);
  test::Gate gate(stream);
  const Tensor made = copy(a.transpose());
  const Tensor flat = reshape(contiguous(made.transpose()), {6});
  copy_into(a, made.transpose());
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(flat.to_host<float>(stream), std::vector<float>(6, 4.0f));
}

TEST(Copy, RefusesWhatItCannotTake) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {2, 3});
  expect_throws<InvalidArgument>(
      [&] {
        copy_into(stream, a, Tensor::zeros(stream, {2, 3}, DType::i32));
      },
      "[copy] out [2, 3] is int32", "a [2, 3] is float32");
  expect_throws<InvalidArgument>(
      [&] {
        copy_into(stream, a, Tensor::zeros(stream, {3, 2}));
      },
      "[copy] a [2, 3] and b [3, 2]");
  expect_throws<InvalidArgument>(
      [&] {
        copy_into(stream, a, Tensor::zeros(stream, {3}).broadcast_to({2, 3}));
      },
      "[copy] out [2, 3] strides [0, 1]", "one place");
  const Tensor foreign = Tensor::zeros(Stream(test::other_context()), {2, 3});
  expect_throws<InvalidArgument>([&] { static_cast<void>(copy(stream, foreign)); },
                                 "[copy] a [2, 3]", "another context");
  expect_throws<InvalidArgument>([&] { static_cast<void>(reshape(stream, a, {5})); }, "[reshape]",
                                 "[2, 3] has 6", "[5] has 5");
}

}  // namespace
}  // namespace dovetail
