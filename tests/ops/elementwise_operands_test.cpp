// SPDX-License-Identifier: Apache-2.0
// Where the operands of element-wise operations may lie, which are refused, and when they are used.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/explain.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/elementwise.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::all_binary;
using test::all_unary;
using test::context;
using test::expect_parts;
using test::expect_throws;
using test::on_device;
using test::random_values;

TEST(Elementwise, WorksAtElementOffsetsAndWritesNothingBeside) {
  const Stream stream(context());
  constexpr std::size_t size = 300, room = 400;
  const auto a = random_values(room, 4);
  const auto b = random_values(room, 5);
  const auto part = [&](const Tensor& whole, std::size_t offset) {
    return Tensor::from_buffer(whole.storage().buffer, {size}, DType::f32, offset * sizeof(float));
  };
  const Tensor out = Tensor::full(stream, {room}, -77.0);
  binary_into(stream, BinaryOperation::subtract, part(on_device(a), 3), part(on_device(b), 7),
              part(out, 11));
  const auto given = out.to_host<float>(stream);
  for (std::size_t i = 0; i < room; ++i) {
    const bool inside = i >= 11 && i < 11 + size;
    EXPECT_EQ(given[i], inside ? a[i - 11 + 3] - b[i - 11 + 7] : -77.0f) << i;
  }
  const Tensor negated = Tensor::full(stream, {room}, -77.0);
  unary_into(stream, UnaryOperation::negate, part(on_device(a), 5), part(negated, 1));
  const auto minus = negated.to_host<float>(stream);
  for (std::size_t i = 0; i < room; ++i) {
    EXPECT_EQ(minus[i], i >= 1 && i < 1 + size ? -a[i - 1 + 5] : -77.0f) << i;
  }
}

TEST(Elementwise, WorksInPlace) {
  const Stream stream(context());
  const Tensor a = Tensor::full(stream, {2, 500}, 3.0);
  const Tensor b = Tensor::full(stream, {2, 500}, 4.0);
  unary_into(stream, UnaryOperation::negate, a, a);
  binary_into(stream, BinaryOperation::multiply, a, b, b);
  binary_into(stream, BinaryOperation::add, a, b, a);
  binary_into(stream, BinaryOperation::add, a, a, a);
  EXPECT_EQ(b.to_host<float>(stream), std::vector<float>(1000, -12.0f));
  EXPECT_EQ(a.to_host<float>(stream), std::vector<float>(1000, -30.0f));
}

TEST(Elementwise, ReadsAnOperandThatOverlapsOutBeforeItWrites) {
  const Stream stream(context());
  constexpr std::int64_t size = 100000;
  std::vector<float> values(size + 2);
  std::iota(values.begin(), values.end(), 0.0f);
  const auto expect = [&](const Tensor& room, std::int64_t first, auto value) {
    const auto given = room.slice(0, first, first + size).to_host<float>(stream);
    for (std::int64_t i = 0; i < size; ++i) ASSERT_EQ(given[i], value(i)) << i;
  };
  const Tensor up = on_device(values);
  unary_into(stream, UnaryOperation::negate, up.slice(0, 0, size), up.slice(0, 2));
  expect(up, 2, [](std::int64_t i) { return static_cast<float>(-i); });
  const Tensor down = on_device(values);
  binary_into(stream, BinaryOperation::add, down.slice(0, 2), down.slice(0, 1, size + 1),
              down.slice(0, 0, size));
  expect(down, 0, [](std::int64_t i) { return static_cast<float>(2 * i + 3); });
  const Tensor flipped = on_device(values);
  unary_into(stream, UnaryOperation::negate, flipped.flip(0), flipped);
  expect(flipped, 0, [](std::int64_t i) { return static_cast<float>(i - size - 1); });
  const Tensor spread = on_device(values);
  binary_into(stream, BinaryOperation::add, spread.slice(0, 5, 6), spread, spread);
  expect(spread, 0, [](std::int64_t i) { return static_cast<float>(i + 5); });
}

TEST(Elementwise, KeepsTheShape) {
  const Stream stream(context());
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{2, 0, 3}, Shape{4, 5, 6}}) {
    const Tensor a = Tensor::zeros(stream, shape);
    EXPECT_EQ(exp(stream, a).shape(), shape);
    EXPECT_EQ(add(stream, a, a).shape(), shape);
  }
  stream.synchronize();
}

TEST(Elementwise, ReturnsBeforeTheWorkRunsAndUsesTheCurrentStream) {
  const Stream stream(context());
  const StreamGuard guard(stream);
  const Tensor a = on_device({1.0f, 2.0f});
  test::Gate gate(stream);
  const Tensor out = add(multiply(a, a), relu(a));
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(out.to_host<float>(stream), (std::vector<float>{2.0f, 6.0f}));
}

TEST(Elementwise, RefusesAnUnknownOperation) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {3});
  for (const int value : {-1, static_cast<int>(std::size(all_unary)), 1000000}) {
    expect_throws<InvalidArgument>(
        [&] { static_cast<void>(unary(stream, static_cast<UnaryOperation>(value), a)); }, "[unary]",
        "operation " + std::to_string(value), "UnaryOperation");
  }
  for (const int value : {-1, static_cast<int>(std::size(all_binary)), 1000000}) {
    expect_throws<InvalidArgument>(
        [&] { static_cast<void>(binary(stream, static_cast<BinaryOperation>(value), a, a)); },
        "[binary]", "operation " + std::to_string(value), "BinaryOperation");
  }
}

TEST(Elementwise, RefusesMismatchedOperands) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {4, 3});
  const Tensor b = Tensor::zeros(stream, {3, 4});
  const Tensor integers = Tensor::zeros(stream, {4, 3}, DType::i32);
  const Tensor foreign = Tensor::zeros(Stream(test::other_context()), {4, 3});
  expect_throws<InvalidArgument>([&] { static_cast<void>(add(stream, a, b)); }, "[add]", "a [4, 3]",
                                 "b [3, 4]", "sizes 4 and 3", "neither is 1");
  expect_throws<InvalidArgument>([&] { binary_into(stream, BinaryOperation::add, a, a, b); },
                                 "[add]", "out [3, 4]", "the result is [4, 3]");
  expect_throws<InvalidArgument>([&] { unary_into(stream, UnaryOperation::exp, a, b); }, "[exp]",
                                 "out [3, 4]", "the result is [4, 3]");
  expect_throws<InvalidArgument>(
      [&] {
        unary_into(stream, UnaryOperation::exp, a, Tensor::zeros(stream, {3}).broadcast_to({4, 3}));
      },
      "[exp] out [4, 3] strides [0, 1]", "one place");
  expect_throws<InvalidArgument>([&] { static_cast<void>(relu(stream, integers)); }, "[relu]",
                                 "a [4, 3]", "int32", "only float32");
  expect_throws<InvalidArgument>([&] { static_cast<void>(add(stream, a, integers)); }, "[add]",
                                 "b [4, 3]", "int32");
  expect_throws<InvalidArgument>([&] { static_cast<void>(add(stream, a, foreign)); }, "[add]",
                                 "b [4, 3]", "another context", "copy it through the host");
  expect_throws<InvalidArgument>([&] { static_cast<void>(relu(stream, foreign)); }, "[relu]",
                                 "another context");
}

TEST(Elementwise, OperationIsNamedInRecordingsAndRecords) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {4});
  Capture capture(stream);
  const Tensor sum = add(stream, a, a);
  const Tensor out = relu(stream, sum);
  const Recording recording = capture.end();
  EXPECT_EQ(recording.find("kernel 'add_f32'"), 0u);
  EXPECT_EQ(recording.find("kernel 'relu_f32'"), 1u);
  OrderRecorder recorder;
  static_cast<void>(subtract(stream, a, a));
  expect_parts(explain(recorder.take()), "kernel 'subtract_f32', read memory");
}

}  // namespace
}  // namespace dovetail
