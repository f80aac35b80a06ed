// SPDX-License-Identifier: Apache-2.0
// Runtimes, fields, tensors, queues and contexts, destroyed in any order.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/field_tensor.hpp"
#include "dovetail/interop/queue_handle.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/core/context_attachment.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Gate;

constexpr std::int64_t count = 64;
std::vector<float> all(float value) { return std::vector<float>(count, value); }

RuntimeOptions on(cl_command_queue queue, StreamOrigin origin = StreamOrigin::borrowed) {
  return {.external_queue = reinterpret_cast<std::uintptr_t>(queue), .external_origin = origin};
}

class HandOverLifetime : public testing::Test {
 protected:
  /// Makes the runtime and the field, so that the test decides which of them goes last.
  void make(const RuntimeOptions& options) {
    runtime.emplace(options);
    field.emplace(*runtime, Shape{count});
  }
  Tensor negated(const Tensor& tensor) const {
    return unary(tensors, UnaryOperation::negate, tensor);
  }

  const Stream tensors{context()};
  std::optional<Runtime> runtime;
  std::optional<Field<float>> field;
};

TEST_F(HandOverLifetime, SynchronizedBorrowedQueueEndsBeforeTheHandles) {
  auto native = std::make_unique<test::NativeQueue>(context());
  const auto peer = std::make_shared<test::LazyPeer>(native->get());
  RuntimeOptions options = on(native->get());
  options.peer = peer;
  make(options);
  field->fill(3);
  peer->record([](cl_command_queue) {});
  const Tensor tensor = interop::to_tensor(*field, Copy::no);
  EXPECT_EQ(tensor.to_host<float>(tensors), all(3));
  runtime->synchronize();

  native.reset();
  testing::internal::CaptureStderr();
  runtime.reset();
  field.reset();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(negated(tensor).to_host<float>(tensors), all(-3));
}

TEST_F(HandOverLifetime, ReleasedExternalQueueLeavesTheMemoryUsable) {
  auto native = std::make_unique<test::NativeQueue>(context());
  make({.external_queue = reinterpret_cast<std::uintptr_t>(native->get())});
  field->fill(3);
  const Tensor tensor = interop::to_tensor(*field, Copy::no);
  field.reset();
  runtime.reset();
  ASSERT_EQ(clFinish(native->get()), CL_SUCCESS);
  native.reset();
  EXPECT_EQ(negated(tensor).to_host<float>(tensors), all(-3));
}

TEST_F(HandOverLifetime, DeclareDoneFreesWorkOfAGoneBorrowedQueue) {
  auto native = std::make_unique<test::NativeQueue>(context());
  make(on(native->get()));
  field->fill(3);
  const Tensor tensor = interop::to_tensor(*field, Copy::no);
  const Point point = runtime->stream().point();
  field.reset();
  runtime.reset();
  ASSERT_EQ(clFinish(native->get()), CL_SUCCESS);
  native.reset();
  test::expect_throws<Error>(
      [&] { negated(tensor); }, "a borrowed queue",
      "Stream::declare_done({.stream = " + std::to_string(point.stream) + ", .ticket = ");
  EXPECT_THROW(Stream::declare_done({point.stream, point.ticket + 1}), InvalidArgument);
  EXPECT_THROW(negated(tensor), Error);
  Stream::declare_done(point);
  EXPECT_EQ(negated(tensor).to_host<float>(tensors), all(-3));
}

TEST_F(HandOverLifetime, DependantsOfAGoneBorrowedQueueThrow) {
  const test::NativeQueue native(context());
  make(on(native.get()));
  Gate gate(runtime->stream());
  field->fill(3);
  const Tensor tensor = interop::to_tensor(*field, Copy::no);
  const Tensor other = Tensor::full(tensors, {count}, 1);
  field.reset();
  runtime.reset();
  test::expect_throws<Error>([&] { negated(tensor); }, "a borrowed queue",
                             "keep a handle, use Stream::retain");
  EXPECT_EQ(negated(other).to_host<float>(tensors), all(-1));

  runtime.emplace(on(native.get()));  // adopting the queue again makes its work waitable
  gate.release();
  runtime->synchronize();
  EXPECT_EQ(negated(tensor).to_host<float>(tensors), all(-3));
}

TEST_F(HandOverLifetime, TensorOutlivesItsFieldAndTheRuntime) {
  for (const Copy copy : {Copy::no, Copy::yes}) {
    make({});
    MemoryPool& pool = MemoryPool::of(context());
    std::optional<Tensor> tensor;
    {
      const Gate gate(runtime->stream());
      field->fill(3);
      tensor = interop::to_tensor(*field, copy);
      const std::size_t in_use = pool.statistics().in_use;
      field.reset();
      EXPECT_EQ(pool.statistics().in_use == in_use, copy == Copy::no) << "the memory is kept";
      runtime.reset();
      const Tensor other = Tensor::full(tensors, {count}, 8);  // would take the memory
      tensor = negated(*tensor);
      EXPECT_TRUE(test::is_held(tensors.record()));
    }
    EXPECT_EQ(tensor->to_host<float>(tensors), all(-3));
  }
}

TEST_F(HandOverLifetime, FieldOutlivesItsTensorAndTheTensorsStream) {
  for (const Copy copy : {Copy::no, Copy::yes}) {
    runtime.emplace();
    const Tensor ones = Tensor::full(tensors, {count}, 1);
    std::optional<Stream> stream(std::in_place, context());
    stream->wait(tensors);
    {
      const Gate gate(*stream);
      std::optional<Tensor> tensor = add(*stream, ones, ones);
      field = interop::to_field<float>(*runtime, *tensor, copy);
      tensor.reset();
      stream.reset();
      const Tensor other = Tensor::full(tensors, {count}, 8);  // would take the memory
      runtime->launch(test::multiply_add_kernel(), NDRange({count}), *field, 10.0f, 1.0f);
      EXPECT_TRUE(test::is_held(runtime->stream().record()));
    }
    EXPECT_EQ(field->to_host(), all(21));
  }
}

TEST_F(HandOverLifetime, WorkInFlightOutlivesItsRuntime) {
  const test::NativeQueue native(context());
  for (const RuntimeOptions& options :
       {RuntimeOptions{}, on(native.get(), StreamOrigin::retained),
        RuntimeOptions{.external_queue = interop::queue_handle()}}) {
    make(options);
    std::optional<Tensor> tensor = interop::to_tensor(*field, Copy::no);
    {
      const Gate gate(runtime->stream());
      field->fill(3);
      runtime->launch(test::multiply_add_kernel(), NDRange({count}), *field, 10.0f, 1.0f);
      field.reset();
      runtime.reset();
      tensor = negated(*tensor);
      EXPECT_TRUE(test::is_held(tensors.record()));
    }
    EXPECT_EQ(tensor->to_host<float>(tensors), all(-31));
  }
}

TEST_F(HandOverLifetime, PeerSubmitsHeldWorkWhenItsRuntimeGoes) {
  const test::NativeQueue native(context());
  const auto peer = std::make_shared<test::LazyPeer>(native.get());
  RuntimeOptions options = on(native.get(), StreamOrigin::retained);
  options.peer = peer;
  make(options);
  const Tensor tensor = interop::to_tensor(*field, Copy::no);
  {
    const Gate gate(runtime->stream());
    field->fill(3);
    const float five = 5;
    peer->record([&](cl_command_queue queue) {
      clEnqueueFillBuffer(queue, detail::handle_of(field->storage().buffer).memory, &five,
                          sizeof(five), 0, field->nbytes(), 0, nullptr, nullptr);
    });
    runtime.reset();
    EXPECT_EQ(peer->submits(), 1);
    field.reset();
    const Tensor result = negated(tensor);
    EXPECT_TRUE(test::is_held(tensors.record()));
  }
  EXPECT_EQ(tensor.to_host<float>(tensors), all(5));
}

TEST(ContextLifetime, LastsAsLongAsWhatIsOnIt) {
  std::weak_ptr<int> witness;  // belongs to the context and ends with it
  {
    std::optional<Context> handle(Device::default_device());
    detail::attachment<int>(*handle, [&] {
      const auto made = std::make_shared<int>(1);
      witness = made;
      return made;
    });
    const cl_context native = handle->get();
    std::optional<Runtime> runtime{Stream(*handle)};
    handle.reset();
    std::optional<Field<float>> field(std::in_place, *runtime, Shape{count});
    field->fill(3);
    const Kernel kernel = runtime->kernel(
        {.name = "twice.cl",
         .text = "kernel void twice(global float* x) { x[get_global_id(0)] *= 2; }"},
        "twice");
    runtime->launch(kernel, NDRange({count}), *field);
    runtime.reset();
    EXPECT_EQ(field->context().get(), native);
    EXPECT_EQ(field->to_host(), all(6));
    const Tensor tensor = interop::to_tensor(*field, Copy::yes);
    field.reset();
    EXPECT_EQ(tensor.to_host<float>(Stream(tensor.context())), all(6));
    EXPECT_FALSE(witness.expired());
  }
  EXPECT_TRUE(witness.expired()) << "it lasts longer";
}

}  // namespace
}  // namespace dovetail
