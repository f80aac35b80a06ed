// SPDX-License-Identifier: Apache-2.0
// The OpenCL calls of a matrix product.
#include <gtest/gtest.h>

#include <cstdint>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/layer_test.hpp"

namespace dovetail {
namespace {

using test::Calls;
using test::calls_during;

constexpr std::int64_t size = 64;

class MatmulCalls : public test::LayerTest {
 protected:
  struct Operands {
    Tensor a, b, out;
  };
  Operands make_operands() const {
    const auto filled = [&](double value) { return Tensor::full(stream, {size, size}, value); };
    return {filled(1.0), filled(2.0), filled(0.0)};
  }
  void multiply(const Operands& operands) const {
    matmul_into(stream, operands.a, operands.b, operands.out, {.backend = MatmulBackend::kernel});
  }
  void expect_product(const Operands& operands) const {
    for (const float value : operands.out.to_host<float>(stream)) ASSERT_EQ(value, 2.0f * size);
  }

  const Stream stream;
};

std::uint64_t total(const Calls& calls) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : calls) sum += count;
  return sum;
}

TEST_F(MatmulCalls, RepeatedArgumentsTakeOneLaunch) {
  const Operands operands = make_operands();
  multiply(operands);
  EXPECT_EQ(calls_during([&] { multiply(operands); }), (Calls{{"clEnqueueNDRangeKernel", 1}}));
  expect_product(operands);
}

TEST_F(MatmulCalls, NewArgumentsTakeTwelveCallsAtMost) {
  multiply(make_operands());
  const Operands operands = make_operands();
  const Calls calls = calls_during([&] { multiply(operands); });
  EXPECT_LE(total(calls), 12U) << testing::PrintToString(calls);
  EXPECT_EQ(calls.at("clEnqueueNDRangeKernel"), 1U);
  expect_product(operands);
}

TEST_F(MatmulCalls, AlternatingOutsTakeTheirArgumentsAndTheLaunch) {
  const Operands first = make_operands();
  Operands second = first;
  second.out = Tensor::full(stream, {size, size}, 0.0);
  multiply(first);
  multiply(second);
  EXPECT_EQ(calls_during([&] { multiply(first); }),
            (Calls{{"clEnqueueNDRangeKernel", 1}, {"clSetKernelArg", 1}}));
  expect_product(first);
}

}  // namespace
}  // namespace dovetail
