// SPDX-License-Identifier: Apache-2.0
// When matmul runs: in stream order, and never while the caller waits.
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/matmul_backends.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Gate;
using test::Product;
using test::random_values;

class MatmulOrder : public test::MatmulTest {
 protected:
  Tensor on_device(const std::vector<float>& values, const Shape& shape) {
    return Tensor::from_host<float>(context(), values, shape);
  }
  Stream stream{context()};
};
DOVETAIL_FOR_EACH_BACKEND(MatmulOrder);

TEST_P(MatmulOrder, ReturnsWhileItsQueueIsHeld) {
  // The smaller goes the vendor's short way, the larger the one with a workspace.
  for (const Product& product :
       {Product{.m = 48, .n = 40, .k = 32}, Product{.m = 400, .n = 392, .k = 384},
        Product{.m = 40, .n = 48, .k = 32, .batch = 3}}) {
    SCOPED_TRACE(product.str());
    const auto a = random_values(product.a_size(), 41);
    const auto b = random_values(product.b_size(), 42);
    const Tensor a_device = on_device(a, a_shape(product));
    const Tensor b_device = on_device(b, b_shape(product));
    static_cast<void>(
        matmul(stream, a_device, b_device, options()));  // whatever compiles does it here
    stream.synchronize();
    Gate gate(stream);
    auto call = std::async(std::launch::async,
                           [&] { return matmul(stream, a_device, b_device, options()); });
    // A call that waits for the queue never returns; the time is for machines under load.
    const bool has_returned = call.wait_for(std::chrono::seconds(30)) == std::future_status::ready;
    EXPECT_TRUE(has_returned) << "matmul waits for its queue";
    if (has_returned) {
      EXPECT_FALSE(stream.record().is_done());
    }
    gate.release();
    test::expect_product(product, a, b, call.get().to_host<float>(stream));
  }
}

TEST_P(MatmulOrder, RunsBetweenUserKernelsInEnqueueOrder) {
  const Product product{.m = 64, .n = 64, .k = 64};
  const auto a = random_values(product.a_size(), 43);
  const auto b = random_values(product.b_size(), 44);
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor operand = on_device(a, {64, 64});
  const Tensor factor = on_device(b, {64, 64});
  Gate gate(stream);
  kernel.launch(stream, NDRange({64 * 64}), operand, 2.0f, 1.0f);
  const Tensor out = matmul(stream, operand, factor, options());
  kernel.launch(stream, NDRange({64 * 64}), operand, 0.0f, 1e6f);  // too late to be seen by matmul
  kernel.launch(stream, NDRange({64 * 64}), out, 0.5f, 0.0f);
  EXPECT_FALSE(stream.record().is_done());
  gate.release();

  std::vector<float> changed = a;
  for (float& value : changed) value = value * 2.0f + 1.0f;
  auto result = out.to_host<float>(stream);
  for (float& value : result) value *= 2.0f;
  test::expect_product(product, changed, b, result);
}

TEST_P(MatmulOrder, ChainsWithoutAnySynchronisation) {
  // A rotation by a right angle, four times, is the identity.
  const Tensor turn = on_device({0, -1, 1, 0}, {2, 2});
  const Tensor start = on_device({1, 2, 3, 4}, {2, 2});
  Gate gate(stream);
  Tensor x = start;
  for (int i = 0; i < 8; ++i) x = matmul(stream, turn, x, options());
  const Tensor twice = add(stream, x, start);
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(twice.to_host<float>(stream), (std::vector<float>{2, 4, 6, 8}));
}

TEST_P(MatmulOrder, WaitsForAnotherStreamOnTheDevice) {
  const Stream producer(context());
  const Tensor a = Tensor::full(producer, {32, 32}, 1.0);
  const Tensor b = Tensor::full(stream, {32, 32}, 1.0);
  producer.synchronize();
  Gate gate(producer);
  test::multiply_add_kernel().launch(producer, NDRange({32 * 32}), a, 3.0f, 0.0f);
  stream.wait(producer.record());
  const Tensor out = matmul(stream, a, b, options());
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(32 * 32, 96.0f));
}

TEST_P(MatmulOrder, UsesTheCurrentStreamWhenGivenNone) {
  const StreamGuard guard(stream);
  const Tensor a = Tensor::full(stream, {8, 8}, 1.0);
  Gate gate(stream);
  const Tensor out = matmul(a, a, options());
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(64, 8.0f));
}

}  // namespace
}  // namespace dovetail
