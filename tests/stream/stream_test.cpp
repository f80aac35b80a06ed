// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <thread>

#include "dovetail/core/error.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;
using test::Gate;
using test::NativeQueue;
using test::references;

TEST(Stream, OwnsItsQueueUntilTheLastHandleGoes) {
  std::optional<Stream> first(std::in_place, context());
  EXPECT_EQ(first->origin(), StreamOrigin::owned);
  cl_command_queue queue = first->get();
  EXPECT_EQ(references(queue), 1u);
  ASSERT_EQ(clRetainCommandQueue(queue), CL_SUCCESS);  // keeps it readable after the last handle
  {
    const Stream second = *first;
    first.reset();
    EXPECT_EQ(references(queue), 2u);
  }
  EXPECT_EQ(references(queue), 1u);
  clReleaseCommandQueue(queue);
}

TEST(Stream, RetainHoldsOneReferenceForAllHandles) {
  const NativeQueue native(context());
  {
    const Stream first = Stream::retain(context(), native.get());
    EXPECT_EQ(first.origin(), StreamOrigin::retained);
    EXPECT_EQ(first.get(), native.get());
    EXPECT_EQ(references(native.get()), 2u);
    const Stream copy = first;
    const Stream again = Stream::retain(context(), native.get());
    EXPECT_EQ(references(native.get()), 2u);
  }
  EXPECT_EQ(references(native.get()), 1u);
}

TEST(Stream, AdoptionFindsTheContextOfTheQueue) {
  const NativeQueue native(context());
  const Stream retained = Stream::retain(native.get());
  EXPECT_EQ(retained.get(), native.get());
  EXPECT_EQ(retained.origin(), StreamOrigin::retained);
  EXPECT_TRUE(retained.context() == context());
  EXPECT_TRUE(Stream::borrow(native.get()) == retained);
  const NativeQueue elsewhere(test::other_context());
  EXPECT_TRUE(Stream::borrow(elsewhere.get()).context() == test::other_context());
  expect_throws<InvalidArgument>([] { static_cast<void>(Stream::retain(nullptr)); },
                                 "[Stream::retain] the queue is null");
  expect_throws<InvalidArgument>([] { static_cast<void>(Stream::borrow(nullptr)); },
                                 "[Stream::borrow] the queue is null");
}

TEST(Stream, BorrowHoldsNoReference) {
  const NativeQueue native(context());
  {
    const Stream stream = Stream::borrow(context(), native.get());
    EXPECT_EQ(stream.origin(), StreamOrigin::borrowed);
    EXPECT_EQ(references(native.get()), 1u);
  }
  // The driver's own thread may hold the last command, and with it the queue, a moment longer.
  while (references(native.get()) != 1u) std::this_thread::yield();
}

TEST(Stream, RetainingABorrowedQueueMakesItRetained) {
  const NativeQueue native(context());
  {
    const Stream borrowed = Stream::borrow(context(), native.get());
    const Stream retained = Stream::retain(context(), native.get());
    EXPECT_EQ(references(native.get()), 2u);
    EXPECT_EQ(borrowed.origin(), StreamOrigin::retained);
    const Stream borrowed_again = Stream::borrow(context(), native.get());
    EXPECT_EQ(borrowed_again.origin(), StreamOrigin::retained);
    EXPECT_EQ(references(native.get()), 2u);
  }
  EXPECT_EQ(references(native.get()), 1u);
}

TEST(Stream, AdoptingAnOwnedQueueGivesTheSameStream) {
  const Stream owned(context());
  const Stream borrowed = Stream::borrow(context(), owned.get());
  const Stream retained = Stream::retain(context(), owned.get());
  EXPECT_EQ(borrowed, owned);
  EXPECT_EQ(borrowed.id(), owned.id());
  EXPECT_EQ(retained.id(), owned.id());
  EXPECT_EQ(retained.origin(), StreamOrigin::owned);
  EXPECT_EQ(references(owned.get()), 1u);
}

TEST(Stream, HandlesCompareEqualOnlyOnOneQueue) {
  const NativeQueue native(context());
  const Stream first = Stream::borrow(context(), native.get());
  const Stream second = Stream::retain(context(), native.get());
  const Stream other(context());
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.id(), second.id());
  EXPECT_FALSE(first == other);
  EXPECT_NE(first.id(), other.id());
}

TEST(Stream, IdsNeverRecurThoughHandlesMay) {
  std::set<std::uint64_t> ids;
  std::set<cl_command_queue> handles;
  constexpr std::size_t count = 200;
  for (std::size_t i = 0; i < count; ++i) {
    const Stream stream(context());
    ids.insert(stream.id());
    handles.insert(stream.get());
  }
  EXPECT_EQ(ids.size(), count);
  RecordProperty("distinct_handles", static_cast<int>(handles.size()));

  const NativeQueue native(context());  // the same live handle adopted, dropped, adopted
  const auto first_id = Stream::borrow(context(), native.get()).id();
  const auto second_id = Stream::borrow(context(), native.get()).id();
  EXPECT_NE(first_id, second_id);
}

TEST(Stream, AdoptionRefusesNull) {
  expect_throws<InvalidArgument>([] { static_cast<void>(Stream::retain(context(), nullptr)); },
                                 "[Stream::retain]", "null", "give a live cl_command_queue");
  expect_throws<InvalidArgument>([] { static_cast<void>(Stream::borrow(context(), nullptr)); },
                                 "[Stream::borrow]", "null");
}

TEST(Stream, AdoptionRefusesAnOutOfOrderQueue) {
  const NativeQueue native(context(), CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Stream::retain(context(), native.get())); }, "[Stream::retain]",
      "out-of-order", "in-order host queue", "without CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE");
  EXPECT_EQ(references(native.get()), 1u);
}

TEST(Stream, AdoptionRefusesAQueueOfAnotherContext) {
  const NativeQueue native(test::other_context());
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Stream::borrow(context(), native.get())); }, "[Stream::borrow]",
      "another context", "Context::retain");
  EXPECT_EQ(references(native.get()), 1u);
}

TEST(Stream, AdoptionRefusesAQueueOnAnotherDevice) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const cl_device_id ids[] = {first.get(), second.get()};
    cl_context both = clCreateContext(nullptr, 2, ids, nullptr, nullptr, nullptr);
    ASSERT_NE(both, nullptr);
    {
      const Context on_first = Context::retain(both, first);
      const Context on_second = Context::retain(both, second);
      const NativeQueue native(on_second);
      EXPECT_EQ(Stream::borrow(on_second, native.get()).device(), second);
      expect_throws<InvalidArgument>(
          [&] { static_cast<void>(Stream::borrow(on_first, native.get())); }, "[Stream::borrow]",
          "the queue is on device '" + second.name(), "the context's device is '" + first.name(),
          "Context::retain and the queue's device");
    }
    clReleaseContext(both);
  });
}

TEST(Stream, SynchronizeWaitsForWorkThatAnybodyEnqueued) {
  const Stream stream(context());
  const NativeQueue producer(context());
  Gate gate(Stream::borrow(context(), producer.get()));
  cl_event held = nullptr;  // the stream waits, behind our back, for a queue that is held
  ASSERT_EQ(clEnqueueMarkerWithWaitList(producer.get(), 0, nullptr, &held), CL_SUCCESS);
  ASSERT_EQ(clEnqueueBarrierWithWaitList(stream.get(), 1, &held, nullptr), CL_SUCCESS);

  std::atomic<bool> has_returned = false;
  std::thread waiter([&] {
    stream.synchronize();
    has_returned = true;
  });
  // A synchronize() that does not wait returns in this time; one that waits fails no check.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  while (!has_returned && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_FALSE(has_returned);
  gate.release();
  waiter.join();
  cl_int status = CL_QUEUED;
  clGetEventInfo(held, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr);
  EXPECT_EQ(status, CL_COMPLETE);
  clReleaseEvent(held);
}

TEST(Stream, RunsWorkOfSeveralThreadsInTheOrderOfTheirCalls) {
  const Stream stream(context());
  const Kernel kernel = test::multiply_add_kernel();
  const float zero = 0.0f;
  const Buffer data(context(), sizeof(float), &zero);
  {
    Gate gate(stream);
    for (int i = 1; i <= 20; ++i) {  // each thread ends before the next begins
      std::thread([&] { kernel.launch(stream, NDRange({1}), data, 0.5f, float(i)); }).join();
    }
    gate.release();
  }
  float result = 0.0f;
  ASSERT_EQ(clEnqueueReadBuffer(stream.get(), data.lend(), CL_TRUE, 0, sizeof(result), &result, 0,
                                nullptr, nullptr),
            CL_SUCCESS);
  float expected = 0.0f;
  for (int i = 1; i <= 20; ++i) expected = expected * 0.5f + float(i);
  EXPECT_EQ(result, expected);
}

TEST(Stream, ReportsProfilingOfOwnAndAdoptedQueues) {
  EXPECT_FALSE(Stream(context()).has_profiling());
  EXPECT_TRUE(Stream(context(), {.profiling = true}).has_profiling());
  const NativeQueue native(context(), CL_QUEUE_PROFILING_ENABLE);
  EXPECT_TRUE(Stream::borrow(context(), native.get()).has_profiling());
}

TEST(Stream, OriginsHaveNames) {
  EXPECT_EQ(to_string(StreamOrigin::owned), "owned");
  EXPECT_EQ(to_string(StreamOrigin::retained), "retained");
  EXPECT_EQ(to_string(StreamOrigin::borrowed), "borrowed");
}

}  // namespace
}  // namespace dovetail
