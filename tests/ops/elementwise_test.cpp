// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/contexts.hpp"
#include "tests/support/elementwise.hpp"
#include "tests/support/matrices.hpp"

namespace dovetail {
namespace {

using test::all_binary;
using test::all_unary;
using test::context;
using test::on_device;
using test::random_values;

constexpr std::size_t sizes[] = {0, 1, 2, 255, 256, 257, 1009, 4096};
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// A new operation takes a line in the table of its references below.
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

}  // namespace
}  // namespace dovetail
