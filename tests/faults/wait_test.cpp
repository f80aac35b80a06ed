// SPDX-License-Identifier: Apache-2.0
// Host waits while single calls of the driver fail: none ends early, none hangs.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/field.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/fault.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using namespace std::chrono_literals;
using test::caught;
using test::context;
using test::Fault;
using test::Gate;

constexpr std::chrono::seconds long_enough(60);

/// Starts `work` on a thread of its own; `get()` of the result rethrows what it throws. Leaves a
/// thread that hangs behind, so that the test fails instead of hanging.
std::future<void> started(const std::function<void()>& work) {
  std::packaged_task<void()> task(work);
  std::future<void> done = task.get_future();
  std::thread(std::move(task)).detach();
  return done;
}

using FaultyBarrier = test::FaultTest;

class FaultyWait : public test::FaultTest {
 protected:
  /// Runs `work`, which waits for `stream`, and releases the stream once `fault` has struck.
  static void release_after(const Fault& fault, Gate& gate, const std::function<void()>& work) {
    std::future<void> done = started(work);
    while (fault.fired() == 0 && done.wait_for(1ms) != std::future_status::ready) {
    }
    EXPECT_EQ(fault.fired(), 1u);
    gate.release();
    ASSERT_EQ(done.wait_for(long_enough), std::future_status::ready) << "it hangs";
    done.get();
  }
};

TEST_F(FaultyBarrier, SucceedsAtTheSecondTry) {
  const Stream producer(context()), consumer(context());
  const Tensor tensor = Tensor::zeros(producer, {64}, DType::i32);
  Gate gate(producer);
  test::set_kernel().launch(producer, NDRange({64}), writes(tensor), 5);
  {
    const Fault fault("clEnqueueBarrierWithWaitList");
    test::grow_kernel().launch(consumer, NDRange({64}), tensor);
    EXPECT_EQ(fault.fired(), 1u);
  }
  EXPECT_TRUE(test::is_held(consumer.record()));
  gate.release();
  EXPECT_EQ(tensor.to_host<int>(consumer), std::vector<int>(64, 11));
}

TEST_F(FaultyWait, TensorsToHostEndsWithTheRead) {
  const Stream stream(context());
  const Tensor tensor = Tensor::full(stream, {1 << 16}, 3.0);
  Gate gate(stream);
  const Fault fault("clWaitForEvents");
  std::vector<float> values;
  EXPECT_NO_THROW(release_after(fault, gate, [&] { values = tensor.to_host<float>(stream); }));
  EXPECT_EQ(values, std::vector<float>(1 << 16, 3.0f));
}

TEST_F(FaultyWait, FieldsToHostEndsWithTheRead) {
  const Runtime runtime(Stream{context()});
  const Field<float> field(runtime, {1 << 16});
  field.fill(3.0f);
  Gate gate(runtime.stream());
  const Fault fault("clWaitForEvents");
  std::vector<float> values;
  EXPECT_NO_THROW(release_after(fault, gate, [&] { values = field.to_host(); }));
  EXPECT_EQ(values, std::vector<float>(1 << 16, 3.0f));
}

TEST_F(FaultyWait, ToHostDoesNotThrowWhileTheReadRuns) {
  const Stream stream(context());
  const Tensor tensor = Tensor::full(stream, {1 << 16}, 3.0);
  Gate gate(stream);
  std::atomic<bool> has_thrown = false;
  const Fault waits("clWaitForEvents"), asks("clGetEventInfo", {.count = 2});
  std::future<void> done = started([&] {
    EXPECT_TRUE(caught<OpenCLError>([&] { static_cast<void>(tensor.to_host<float>(stream)); }));
    has_thrown = true;
  });
  while (asks.fired() < 1 && !has_thrown) {
  }
  EXPECT_FALSE(has_thrown) << "while the driver may still write to what it returns";
  gate.release();
  ASSERT_EQ(done.wait_for(long_enough), std::future_status::ready);
}

TEST_F(FaultyWait, SynchronizeWithoutALimitDoesNotTimeOut) {
  const Stream stream(context());
  Gate gate(stream);
  const Fault fault("clWaitForEvents");
  EXPECT_NO_THROW(release_after(fault, gate, [&] { stream.synchronize(); }));
}

TEST_F(FaultyWait, SynchronizeOfAnEventWithoutALimitDoesNotTimeOut) {
  const Stream stream(context());
  Gate gate(stream);
  const Event event = stream.record();
  const Fault fault("clWaitForEvents");
  EXPECT_NO_THROW(release_after(fault, gate, [&] { event.synchronize(); }));
}

TEST_F(FaultyWait, WaitAfterOneThatThrewDoesNotHang) {
  for (const std::uint64_t skip : {0u, 1u, 2u}) {
    const Stream stream(context());
    Gate gate(stream);
    const Event event = stream.record();
    {
      const Fault fault("clGetEventInfo", {.skip = skip});
      EXPECT_TRUE(caught<OpenCLError>([&] { event.synchronize_for(long_enough); })) << skip;
    }
    gate.release();
    const std::future<void> done = started([event] { event.synchronize(); });
    ASSERT_EQ(done.wait_for(long_enough), std::future_status::ready) << "it hangs, " << skip;
  }
}

TEST_F(FaultyWait, TimedEventCompletesThoughTheFirstCompletionFails) {
  if (context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "this device takes times without the host";
  }
  for (const std::uint64_t count : {1u, 2u}) {
    const Stream stream(context());
    const Fault fault("clSetUserEventStatus", {.count = count});
    const TimedEvent event = stream.record_timed();
    EXPECT_NO_THROW(event.synchronize_for(long_enough));
    EXPECT_NO_THROW(stream.synchronize_for(long_enough));
    EXPECT_EQ(fault.fired(), count);
  }
}

}  // namespace
}  // namespace dovetail
