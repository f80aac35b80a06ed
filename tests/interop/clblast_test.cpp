// SPDX-License-Identifier: Apache-2.0
// CLBlast, called by the program itself, on a queue and on memory that it shares with Dovetail.
#include <clblast.h>
#include <gtest/gtest.h>

#include "dovetail/ops/elementwise.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/interop/held_queue.hpp"

namespace dovetail {
namespace {

using test::context;

constexpr std::size_t count = 256;

/// y += alpha x
void axpy(cl_command_queue queue, float alpha, const BufferView& x, const BufferView& y) {
  const auto status = clblast::Axpy<float>(x.nbytes / sizeof(float), alpha, x.buffer.lend(),
                                           x.offset / sizeof(float), 1, y.buffer.lend(),
                                           y.offset / sizeof(float), 1, &queue, nullptr);
  ASSERT_EQ(status, clblast::StatusCode::kSuccess);
}

class Clblast : public test::HeldQueueTest {};

TEST_F(Clblast, RunsBetweenOurOperationsOnOurQueue) {
  const Stream stream(context());
  const Tensor x = floats(counting(count)), y = floats(counting(count));
  expect_held(stream, [&] {
    multiply_add(stream, x, 1, 1);
    axpy(stream.get(), 2, x.storage(), y.storage());
    multiply_add(stream, y, 10, 0);
  });
  EXPECT_EQ(y.to_host<float>(stream),
            mapped(counting(count), [](float i) { return (i + 2 * (i + 1)) * 10; }));
}

TEST_F(Clblast, MultipliesMatricesBetweenOurOperations) {
  constexpr std::size_t n = 16;
  const Stream stream(context());
  const Tensor a = floats(counting(n * n)), b = Tensor::zeros(stream, {n * n}),
               out = Tensor::empty(stream, {n * n});
  expect_held(stream, [&] {
    multiply_add(stream, a, 1, 1);
    multiply_add(stream, b, 0, 1);
    cl_command_queue queue = stream.get();
    ASSERT_EQ(clblast::Gemm<float>(clblast::Layout::kRowMajor, clblast::Transpose::kNo,
                                   clblast::Transpose::kNo, n, n, n, 1.0f,
                                   a.storage().buffer.lend(), 0, n, b.storage().buffer.lend(), 0, n,
                                   0.0f, out.storage().buffer.lend(), 0, n, &queue, nullptr),
              clblast::StatusCode::kSuccess);
    multiply_add(stream, out, 2, 0);
  });
  const std::vector<float> result = out.to_host<float>(stream);
  for (std::size_t row = 0; row < n; ++row) {
    const auto first = static_cast<float>(row * n + 1), last = first + n - 1;
    EXPECT_EQ(result[row * n], (first + last) * n) << "twice the sum of row " << row;
  }
}

TEST_F(Clblast, WithQueueOrdersItTowardsASecondStream) {
  const Stream stream(context()), second(context()), third(context());
  const Tensor x = floats(counting(count)), y = floats(counting(count));
  {
    test::Gate gate(stream);
    const std::array uses{reads(x), updates(y)};
    with_queue(stream, uses, "CLBlast Axpy",
               [&](cl_command_queue queue) { axpy(queue, 2, x.storage(), y.storage()); });
    multiply_add(second, y, 10, 0);
    EXPECT_TRUE(test::is_held(second.record()));
    multiply_add(third, x, 0, -1);  // what it reads must not be written before, either
    EXPECT_TRUE(test::is_held(third.record()));
    gate.release();
  }
  EXPECT_EQ(y.to_host<float>(second), mapped(counting(count), [](float i) { return 30 * i; }));
}

TEST_F(Clblast, WorksWithOursOnTheProgramsQueueAndBuffers) {
  const test::NativeQueue native(context());
  std::vector<float> values = counting(count);
  const auto create = [&] {
    return clCreateBuffer(context().get(), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                          count * sizeof(float), values.data(), nullptr);
  };
  cl_mem x_memory = create(), y_memory = create();
  const Stream stream = Stream::retain(context(), native.get());
  const Tensor x = Tensor::from_buffer(Buffer::retain(context(), x_memory), {count}),
               y = Tensor::from_buffer(Buffer::retain(context(), y_memory), {count});
  expect_held(stream, [&] {
    multiply_add(stream, x, 1, 1);
    axpy(native.get(), 2, x.storage(), y.storage());
    unary_into(stream, UnaryOperation::negate, y, y);
  });
  EXPECT_EQ(y.to_host<float>(stream), mapped(counting(count), [](float i) { return -3 * i - 2; }));
  clReleaseMemObject(x_memory);
  clReleaseMemObject(y_memory);
}

}  // namespace
}  // namespace dovetail
