// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/explain.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::random_values;
using test::text_thrown;

constexpr std::size_t sizes[] = {0, 1, 2, 255, 256, 257, 1009, 4096};
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Tensor on_device(const std::vector<float>& values) {
  return Tensor::from_host<float>(context(), values, {std::int64_t(values.size())});
}

// A new operation takes a line in the table of its references below.
constexpr UnaryOperation all_unary[] = {
#define DOVETAIL_UNARY(name, value) UnaryOperation::name,
#include "dovetail/ops/operations.def"
};
constexpr BinaryOperation all_binary[] = {
#define DOVETAIL_BINARY(name, value) BinaryOperation::name,
#include "dovetail/ops/operations.def"
};

struct Unary {
  UnaryOperation operation;
  const char* name;
  double (*reference)(double);
  float low, high;  // where its argument is tried
};

const Unary unary_operations[] = {
    {UnaryOperation::negate, "negate", [](double x) { return -x; }, -100, 100},
    {UnaryOperation::absolute, "absolute", [](double x) { return std::abs(x); }, -100, 100},
    {UnaryOperation::exp, "exp", [](double x) { return std::exp(x); }, -80, 80},
    {UnaryOperation::log, "log", [](double x) { return std::log(x); }, 1e-6f, 1000},
    {UnaryOperation::sqrt, "sqrt", [](double x) { return std::sqrt(x); }, 0, 1000},
    {UnaryOperation::tanh, "tanh", [](double x) { return std::tanh(x); }, -5, 5},
    {UnaryOperation::relu, "relu", [](double x) { return x < 0 ? 0 : x; }, -100, 100},
    {UnaryOperation::silu, "silu", [](double x) { return x / (1 + std::exp(-x)); }, -80, 80},
    {UnaryOperation::gelu, "gelu",
     [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }, -4, 80},
    {UnaryOperation::gelu_tanh, "gelu_tanh",
     [](double x) {
       return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
     },
     -4, 80}};

struct Binary {
  BinaryOperation operation;
  const char* name;
  double (*reference)(double, double);
};

const Binary binary_operations[] = {
    {BinaryOperation::add, "add", [](double x, double y) { return x + y; }},
    {BinaryOperation::subtract, "subtract", [](double x, double y) { return x - y; }},
    {BinaryOperation::multiply, "multiply", [](double x, double y) { return x * y; }},
    {BinaryOperation::divide, "divide", [](double x, double y) { return x / y; }},
    {BinaryOperation::maximum, "maximum", [](double x, double y) { return std::fmax(x, y); }},
    {BinaryOperation::minimum, "minimum", [](double x, double y) { return std::fmin(x, y); }}};

/// Equal up to the rounding that OpenCL allows its functions, with room for two of them.
void expect_close(float given, double expected) {
  const double bound = 16.0 * std::numeric_limits<float>::epsilon() * std::abs(expected) + 1e-37;
  ASSERT_LE(std::abs(given - expected), bound) << given << " should be " << expected;
}

std::vector<float> scaled(std::vector<float> values, float low, float high) {
  for (float& value : values) value = low + (value + 1.0f) * 0.5f * (high - low);
  return values;
}

TEST(Elementwise, EveryOperationHasAReferenceAndItsName) {
  ASSERT_EQ(std::size(unary_operations), std::size(all_unary));
  ASSERT_EQ(std::size(binary_operations), std::size(all_binary));
  for (std::size_t i = 0; i < std::size(all_unary); ++i) {
    EXPECT_EQ(unary_operations[i].operation, all_unary[i]);
    EXPECT_EQ(to_string(all_unary[i]), unary_operations[i].name);
  }
  for (std::size_t i = 0; i < std::size(all_binary); ++i) {
    EXPECT_EQ(binary_operations[i].operation, all_binary[i]);
    EXPECT_EQ(to_string(all_binary[i]), binary_operations[i].name);
  }
  EXPECT_EQ(to_string(static_cast<UnaryOperation>(99)), "unknown");
  EXPECT_EQ(to_string(static_cast<BinaryOperation>(-1)), "unknown");
}

TEST(Elementwise, UnaryMatchesTheReference) {
  const Stream stream(context());
  for (const Unary& unary_operation : unary_operations) {
    for (const std::size_t size : sizes) {
      SCOPED_TRACE(unary_operation.name + (" of " + std::to_string(size)));
      const auto a = scaled(random_values(size, 1), unary_operation.low, unary_operation.high);
      const Tensor out = unary(stream, unary_operation.operation, on_device(a));
      const auto given = out.to_host<float>(stream);
      ASSERT_EQ(given.size(), size);
      for (std::size_t i = 0; i < size; ++i) {
        expect_close(given[i], unary_operation.reference(a[i]));
      }
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Elementwise, BinaryMatchesTheReference) {
  const Stream stream(context());
  for (const Binary& binary_operation : binary_operations) {
    for (const std::size_t size : sizes) {
      SCOPED_TRACE(binary_operation.name + (" of " + std::to_string(size)));
      const auto a = random_values(size, 2);
      const auto b = random_values(size, 3);
      const auto given = binary(stream, binary_operation.operation, on_device(a), on_device(b))
                             .to_host<float>(stream);
      ASSERT_EQ(given.size(), size);
      for (std::size_t i = 0; i < size; ++i) {
        expect_close(given[i], binary_operation.reference(a[i], b[i]));
      }
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Elementwise, NamedFunctionsAreTheirOperations) {
  const Stream stream(context());
  const Tensor a = on_device({6.0f, -3.0f});
  const Tensor b = on_device({2.0f, 4.0f});
  EXPECT_EQ(add(stream, a, b).to_host<float>(stream), (std::vector<float>{8.0f, 1.0f}));
  EXPECT_EQ(subtract(stream, a, b).to_host<float>(stream), (std::vector<float>{4.0f, -7.0f}));
  EXPECT_EQ(multiply(stream, a, b).to_host<float>(stream), (std::vector<float>{12.0f, -12.0f}));
  EXPECT_EQ(divide(stream, a, b).to_host<float>(stream), (std::vector<float>{3.0f, -0.75f}));
  EXPECT_EQ(relu(stream, a).to_host<float>(stream), (std::vector<float>{6.0f, 0.0f}));
  EXPECT_EQ(exp(stream, subtract(stream, a, a)).to_host<float>(stream),
            (std::vector<float>{1.0f, 1.0f}));
  const StreamGuard guard(stream);
  EXPECT_EQ(maximum(a, negate(a)).to_host<float>(stream), (std::vector<float>{6.0f, 3.0f}));
  unary_into(UnaryOperation::absolute, a, b);
  EXPECT_EQ(b.to_host<float>(stream), (std::vector<float>{6.0f, 3.0f}));
}

TEST(Elementwise, TreatsNanAndInfinityAsDocumented) {
  const Stream stream(context());
  const auto of_one = [&](UnaryOperation operation, float x) {
    return unary(stream, operation, on_device({x})).to_host<float>(stream).at(0);
  };
  for (const Unary& each : unary_operations) {
    EXPECT_TRUE(std::isnan(of_one(each.operation, nan))) << each.name;
  }
  EXPECT_EQ(of_one(UnaryOperation::exp, infinity), infinity);
  EXPECT_EQ(of_one(UnaryOperation::exp, -infinity), 0.0f);
  EXPECT_EQ(of_one(UnaryOperation::log, 0.0f), -infinity);
  EXPECT_TRUE(std::isnan(of_one(UnaryOperation::log, -1.0f)));
  EXPECT_TRUE(std::isnan(of_one(UnaryOperation::sqrt, -1.0f)));
  EXPECT_EQ(of_one(UnaryOperation::relu, infinity), infinity);
  EXPECT_EQ(of_one(UnaryOperation::relu, -infinity), 0.0f);
  expect_close(of_one(UnaryOperation::tanh, -infinity), -1.0);
  EXPECT_EQ(of_one(UnaryOperation::silu, -infinity), 0.0f);

  const auto of_two = [&](BinaryOperation operation, float x, float y) {
    return binary(stream, operation, on_device({x}), on_device({y})).to_host<float>(stream).at(0);
  };
  for (const Binary& each : binary_operations) {
    EXPECT_TRUE(std::isnan(of_two(each.operation, nan, 3.0f))) << each.name;
    EXPECT_TRUE(std::isnan(of_two(each.operation, infinity, nan))) << each.name;
    EXPECT_TRUE(std::isnan(of_two(each.operation, nan, nan))) << each.name;
  }
  EXPECT_EQ(of_two(BinaryOperation::maximum, -infinity, infinity), infinity);
  EXPECT_EQ(of_two(BinaryOperation::minimum, infinity, -infinity), -infinity);
  EXPECT_EQ(of_two(BinaryOperation::divide, 1.0f, 0.0f), infinity);
  EXPECT_TRUE(std::isnan(of_two(BinaryOperation::divide, 0.0f, 0.0f)));
  EXPECT_TRUE(std::isnan(of_two(BinaryOperation::subtract, infinity, infinity)));
}

TEST(Elementwise, MaximumAndMinimumOrderTheZerosBySign) {
  const Stream stream(context());
  const Tensor a = on_device({0.0f, -0.0f, 0.0f, -0.0f});
  const Tensor b = on_device({0.0f, 0.0f, -0.0f, -0.0f});
  const auto signs = [&](BinaryOperation operation) {
    std::vector<bool> negative;
    for (const float x : binary(stream, operation, a, b).to_host<float>(stream)) {
      EXPECT_EQ(x, 0.0f);
      negative.push_back(std::signbit(x));
    }
    return negative;
  };
  EXPECT_EQ(signs(BinaryOperation::maximum), (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(signs(BinaryOperation::minimum), (std::vector<bool>{false, true, true, true}));
}

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

TEST(Elementwise, RefusesAnOutThatOverlapsAnOperandInPart) {
  const Stream stream(context());
  const Tensor room = Tensor::zeros(stream, {12}), other = Tensor::zeros(stream, {8});
  const auto part = [&](std::size_t first) {
    return Tensor::from_buffer(room.storage().buffer, {8}, DType::f32, first * 4);
  };
  expect_parts(text_thrown<InvalidArgument>(
                   [&] { unary_into(stream, UnaryOperation::exp, part(0), part(2)); }),
               "[exp] out [8] overlaps a [8] in part", "other memory");
  expect_parts(text_thrown<InvalidArgument>(
                   [&] { binary_into(stream, BinaryOperation::add, other, part(4), part(2)); }),
               "[add] out [8] overlaps b [8] in part");
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
    expect_parts(text_thrown<InvalidArgument>([&] {
                   static_cast<void>(unary(stream, static_cast<UnaryOperation>(value), a));
                 }),
                 "[unary]", "operation " + std::to_string(value), "UnaryOperation");
  }
  for (const int value : {-1, static_cast<int>(std::size(all_binary)), 1000000}) {
    expect_parts(text_thrown<InvalidArgument>([&] {
                   static_cast<void>(binary(stream, static_cast<BinaryOperation>(value), a, a));
                 }),
                 "[binary]", "operation " + std::to_string(value), "BinaryOperation");
  }
}

TEST(Elementwise, RefusesMismatchedOperands) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {4, 3});
  const Tensor b = Tensor::zeros(stream, {3, 4});
  const Tensor integers = Tensor::zeros(stream, {4, 3}, DType::i32);
  const Tensor foreign = Tensor::zeros(Stream(test::other_context()), {4, 3});
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(add(stream, a, b)); }), "[add]",
               "a [4, 3]", "b [3, 4]", "the shapes must be the same");
  expect_parts(
      text_thrown<InvalidArgument>([&] { binary_into(stream, BinaryOperation::add, a, a, b); }),
      "[add]", "a [4, 3]", "out [3, 4]");
  expect_parts(text_thrown<InvalidArgument>([&] { unary_into(stream, UnaryOperation::exp, a, b); }),
               "[exp]", "a [4, 3]", "out [3, 4]");
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(relu(stream, integers)); }),
               "[relu]", "a [4, 3]", "int32", "only float32");
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(add(stream, a, integers)); }),
               "[add]", "b [4, 3]", "int32");
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(add(stream, a, foreign)); }),
               "[add]", "b [4, 3]", "another context", "copy it through the host");
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(relu(stream, foreign)); }),
               "[relu]", "another context");
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
