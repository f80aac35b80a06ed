// SPDX-License-Identifier: Apache-2.0
// Runtimes on queues that others made.
#include <gtest/gtest.h>

#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/runtime.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/external_queue.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;
using test::on;

/// A context that the test makes with OpenCL alone.
class NativeContext {
 public:
  explicit NativeContext(const Device& device) : device_(device.get()) {
    context_ = clCreateContext(nullptr, 1, &device_, nullptr, nullptr, nullptr);
  }
  ~NativeContext() { clReleaseContext(context_); }
  NativeContext(const NativeContext&) = delete;
  NativeContext& operator=(const NativeContext&) = delete;
  cl_context get() const { return context_; }

 private:
  cl_device_id device_;
  cl_context context_;
};

TEST(Runtime, RetainsAnExternalQueueUnlessToldToBorrowIt) {
  const test::NativeQueue queue(context());
  const cl_uint before = test::references(queue.get());
  {
    RuntimeOptions options = on(queue);
    options.external_origin = StreamOrigin::borrowed;
    const Runtime borrowing(options);
    EXPECT_FALSE(borrowing.has_own_queue());
    EXPECT_EQ(borrowing.stream().get(), queue.get());
    EXPECT_EQ(borrowing.stream().origin(), StreamOrigin::borrowed);
    EXPECT_EQ(borrowing.context(), context());
    EXPECT_EQ(test::references(queue.get()), before);
  }
  {
    const Runtime retaining(on(queue));
    EXPECT_FALSE(retaining.has_own_queue());
    EXPECT_EQ(retaining.stream().origin(), StreamOrigin::retained);
    EXPECT_EQ(test::references(queue.get()), before + 1);
  }
  EXPECT_EQ(test::references(queue.get()), before);
}

TEST(Runtime, TakesTheContextAndTheDeviceFromTheExternalQueue) {
  const Device device = Device::default_device();
  const NativeContext native(device);
  const Context adopted = Context::retain(native.get(), device);
  const test::NativeQueue queue(adopted);
  const Runtime runtime(on(queue));
  EXPECT_EQ(runtime.context().get(), native.get());
  EXPECT_EQ(runtime.device(), device);
  EXPECT_FALSE(runtime.context() == Context::default_context());
}

TEST(Runtime, TwoQueuesOfOneContextShareCacheAndPool) {
  const Device device = Device::default_device();
  const NativeContext native(device);
  const test::NativeQueue first(Context::retain(native.get(), device));
  const test::NativeQueue second(Context::retain(native.get(), device));
  const Runtime one(on(first)), two(on(second));
  EXPECT_EQ(&one.programs(), &two.programs());
  EXPECT_EQ(&MemoryPool::of(one.context()), &MemoryPool::of(two.context()));

  const ProgramSource source{.name = "one.cl", .text = "kernel void f(global int* x) { *x = 1; }"};
  static_cast<void>(one.kernel(source, "f"));
  const auto before = one.programs().statistics();
  static_cast<void>(two.kernel(source, "f"));
  EXPECT_EQ(two.programs().statistics().memory_hits, before.memory_hits + 1);
}

TEST(Runtime, PassesThePromiseOfExclusiveUseOn) {
  const test::NativeQueue queue(context());
  const Buffer data = test::buffer_of({1});
  for (const bool is_exclusive : {true, false}) {  // a promise can end, and not begin later
    RuntimeOptions options = on(queue);
    options.exclusive = is_exclusive;
    const Runtime runtime(options);
    const test::Gate gate(runtime.stream());
    runtime.launch(test::set_kernel(), NDRange({1}), writes(data), 2);
    const Stream consumer(context());
    test::grow_kernel().launch(consumer, NDRange({1}), data);
    EXPECT_EQ(consumer.statistics().count(Verdict::waited), is_exclusive ? 1u : 0u);
    EXPECT_EQ(consumer.statistics().count(Verdict::foreign), is_exclusive ? 0u : 1u);
  }
}

TEST(Runtime, RefusesADeviceThatIsNotTheExternalQueues) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const Context one(first);
    const test::NativeQueue queue(one);
    RuntimeOptions options = on(queue);
    options.device = second;
    expect_throws<InvalidArgument>([&] { Runtime{options}; }, "[Runtime]",
                                   "the external queue is on device '" + first.name() + "'",
                                   "device '" + second.name() + "'", "was asked for");
    options.device = first;
    EXPECT_EQ(Runtime(options).device(), first);
  });
}

TEST(Runtime, RefusesAnOutOfOrderQueue) {
  const test::NativeQueue queue(context(), CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  expect_throws<InvalidArgument>([&] { Runtime(on(queue)); }, "out-of-order");
}

}  // namespace
}  // namespace dovetail
