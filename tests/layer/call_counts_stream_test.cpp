// SPDX-License-Identifier: Apache-2.0
// Which OpenCL calls streams, events and their pools make, counted by the layer.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <thread>

#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/counted_stream.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::Calls;
using test::calls_during;
using test::context;
using test::without_queries;

using CallCounts = test::CountedStream;

TEST_F(CallCounts, SynchronizeEnqueuesAMarkerAndWaitsForIt) {
  EXPECT_EQ(
      without_queries(calls_during([&] { stream.synchronize(); })),
      (Calls{{"clEnqueueMarkerWithWaitList", 1}, {"clWaitForEvents", 1}, {"clReleaseEvent", 1}}));
}

TEST_F(CallCounts, ProfiledTimedEventEnqueuesAMarker) {
  const Stream timed(context(), {.profiling = true});
  std::optional<TimedEvent> event;
  EXPECT_EQ(without_queries(calls_during([&] { event = timed.record_timed(); })),
            (Calls{{"clEnqueueMarkerWithWaitList", 1}}));
}

TEST_F(CallCounts, UnprofiledTimedEventCreatesOneCompanionQueue) {
  if (context().device().type() != DeviceType::cpu) GTEST_SKIP() << "GPUs need no callback";
  const Calls each{{"clCreateUserEvent", 1},
                   {"clEnqueueBarrierWithWaitList", 1},
                   {"clEnqueueFillBuffer", 1},
                   {"clEnqueueMarkerWithWaitList", 1},
                   {"clFlush", 2},
                   {"clReleaseEvent", 4},
                   {"clSetEventCallback", 1},
                   {"clSetUserEventStatus", 1},
                   {"clWaitForEvents", 3}};
  Calls first = each;
  first["clCreateCommandQueueWithProperties"] = 1;
  first["clCreateBuffer"] = 1;
  std::optional<Stream> timed(std::in_place, context());
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t released = test::calls_so_far()["clReleaseEvent"];
    const Calls calls = without_queries(calls_during([&] {
      {
        const TimedEvent event = timed->record_timed();
        EXPECT_EQ((event - event).count(), 0);
      }
      // The callback's calls return after the time that they let the device take.
      while (test::calls_so_far()["clReleaseEvent"] < released + 4) std::this_thread::yield();
    }));
    EXPECT_EQ(calls, i == 0 ? first : each);
  }
  const Calls end = calls_during([&] { timed.reset(); });
  EXPECT_EQ(end.at("clReleaseCommandQueue"), 2u);
  EXPECT_EQ(end.at("clReleaseMemObject"), 1u);
}

TEST_F(CallCounts, TimedEventsOfManyThreadsShareOneCompanion) {
  const Stream timed(context());
  const Calls calls = calls_during([&] {
    test::on_threads(8, [&](int) {
      const TimedEvent event = timed.record_timed();
      EXPECT_EQ((event - event).count(), 0);
    });
  });
  EXPECT_EQ(calls.at("clCreateCommandQueueWithProperties"), 1u);
}

TEST_F(CallCounts, WaitOnTheSameQueueEnqueuesNothing) {
  const Event event = stream.record();
  EXPECT_EQ(without_queries(calls_during([&] { stream.wait(event); })), Calls{});
}

TEST_F(CallCounts, WaitOnAnotherQueueFlushesItAndEnqueuesABarrier) {
  const Stream consumer(context());
  test::Gate gate(stream);
  const Event event = stream.record();
  const auto before = test::totals();
  EXPECT_EQ(without_queries(calls_during([&] { consumer.wait(event); })),
            (Calls{{"clFlush", 1}, {"clEnqueueBarrierWithWaitList", 1}}));
  EXPECT_EQ(test::totals().wait_list_events - before.wait_list_events, 1u);
}

TEST_F(CallCounts, QueryOfAnEventThatHasNotStartedFlushesItsQueue) {
  test::Gate gate(stream);
  const Event own = stream.record();
  const Event foreign = Event::retain(own.get());
  for (const Event& event : {own, foreign}) {
    const auto calls = without_queries(calls_during([&] { EXPECT_FALSE(event.is_done()); }));
    if (calls.empty()) {  // allowed only where the driver has started of its own accord
      cl_int status = CL_COMPLETE;
      clGetEventInfo(event.get(), CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
                     nullptr);
      EXPECT_NE(status, CL_QUEUED);
    } else {
      EXPECT_EQ(calls, (Calls{{"clFlush", 1}}));
    }
  }
}

TEST_F(CallCounts, ReusedMemoryMakesNoCall) {
  MemoryPool pool(context());
  const Kernel kernel = test::multiply_add_kernel();
  const auto use = [&] {
    const Buffer buffer = pool.allocate(stream, 64);
    kernel.launch(stream, NDRange({16}), buffer, 0.0f, 1.0f);
  };
  use();
  test::Gate gate(stream);
  EXPECT_EQ(calls_during(use), (Calls{{"clEnqueueNDRangeKernel", 1}}));
  EXPECT_EQ(calls_during([&] { static_cast<void>(pool.allocate(stream, 60)); }), Calls{});
}

TEST_F(CallCounts, MemoryInFlightElsewhereTakesOneWait) {
  MemoryPool pool(context(), {.limit_nbytes = 512});
  const Stream consumer(context());
  const Kernel kernel = test::multiply_add_kernel();
  const auto use = [&](const Stream& user) {
    const Buffer buffer = pool.allocate(user, 64);
    kernel.launch(user, NDRange({16}), buffer, 0.0f, 1.0f);
  };
  use(stream);
  test::Gate gate(stream);
  use(stream);
  EXPECT_EQ(without_queries(calls_during([&] { use(consumer); })),
            (Calls{{"clEnqueueMarkerWithWaitList", 1},
                   {"clFlush", 1},
                   {"clEnqueueBarrierWithWaitList", 1},
                   {"clEnqueueNDRangeKernel", 1}}));
}

TEST_F(CallCounts, PoolCreatesAQueueAtTheFirstUseOfEachStream) {
  EXPECT_EQ(calls_during([] { StreamPool pool(context(), {.size = 64}); }), Calls{});
  StreamPool pool(context(), {.size = 2});
  const Calls one_queue{{"clCreateCommandQueueWithProperties", 1}};
  EXPECT_EQ(calls_during([&] { static_cast<void>(pool.get()); }), one_queue);
  EXPECT_EQ(calls_during([&] { static_cast<void>(pool.get()); }), one_queue);
  EXPECT_EQ(calls_during([&] { static_cast<void>(pool.get()); }), Calls{});
}

}  // namespace
}  // namespace dovetail
