// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/timing_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::detail {
namespace {

using test::context;
using test::Gate;

cl_command_queue queue_of(cl_event event) {
  cl_command_queue queue = nullptr;
  EXPECT_EQ(clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, nullptr), 0);
  return queue;
}

cl_ulong time_of(cl_event event, cl_profiling_info what) {
  EXPECT_EQ(clWaitForEvents(1, &event), CL_SUCCESS);
  cl_ulong time = 0;
  EXPECT_EQ(clGetEventProfilingInfo(event, what, sizeof(time), &time, nullptr), CL_SUCCESS);
  return time;
}

/// Returns whether the event completes within some 10 ms, which suffices for a free queue.
bool is_done_soon(cl_event event) {
  cl_int status = CL_QUEUED;
  for (int i = 0; i < 100 && status > CL_COMPLETE; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    EXPECT_EQ(
        clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr),
        CL_SUCCESS);
  }
  return status <= CL_COMPLETE;
}

/// Runs with both hand-overs, also the one that a CPU does not use. Other devices skip the one by
/// the host, whose callback comes long after the point there.
class AnyTimingQueue : public testing::TestWithParam<HandOver> {
 protected:
  void SetUp() override {
    if (GetParam() == HandOver::host && context().device().type() != DeviceType::cpu) {
      GTEST_SKIP() << "this device hands over by itself";
    }
  }
  TimedPoint record(const Stream& on) { return companion->record(on, GetParam()); }

  const Stream stream{context()};
  std::optional<TimingQueue> companion{std::in_place};
};

INSTANTIATE_TEST_SUITE_P(HandOvers, AnyTimingQueue,
                         testing::Values(HandOver::host, HandOver::device),
                         [](const auto& parameter) {
                           return parameter.param == HandOver::host ? "ByHost" : "ByDevice";
                         });

TEST_P(AnyTimingQueue, UsesOneQueueAndReleasesIt) {
  std::optional<TimedPoint> first = record(stream);
  std::optional<TimedPoint> second = record(stream);
  const cl_command_queue queue = queue_of(first->stamp->taken);
  EXPECT_EQ(queue_of(second->stamp->taken), queue);
  EXPECT_NE(queue, stream.get());
  ASSERT_EQ(clRetainCommandQueue(queue), CL_SUCCESS);
  static_cast<void>(time_of(second->stamp->taken, CL_PROFILING_COMMAND_END));
  first.reset();
  second.reset();
  companion.reset();
  // A driver may keep a command for a moment after its end.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (test::references(queue) != 1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(test::references(queue), 1u);
  clReleaseCommandQueue(queue);
}

TEST_P(AnyTimingQueue, TakesNoTimeBeforeThePointIsReached) {
  const Stream timed(context(), {.profiling = true});
  Gate gate(timed);
  const TimedPoint point = record(timed);
  EXPECT_FALSE(is_done_soon(point.stamp->taken));
  EXPECT_FALSE(point.event.is_done());
  cl_event behind = nullptr;
  ASSERT_EQ(clEnqueueMarkerWithWaitList(timed.get(), 0, nullptr, &behind), CL_SUCCESS);
  gate.release();
  const cl_ulong taken = time_of(point.stamp->taken, CL_PROFILING_COMMAND_END);
  const cl_ulong given = time_of(behind, CL_PROFILING_COMMAND_QUEUED);
  // A GPU's clock may differ by microseconds from the host's, which dates the enqueuing.
  if (context().device().type() == DeviceType::cpu) {
    EXPECT_GE(taken, given);
  }
  clReleaseEvent(behind);
}

TEST_P(AnyTimingQueue, GoesOnAfterAFailure) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  std::optional<TimedPoint> failed;
  {
    Gate gate(stream);
    failed = record(stream);
    gate.fail(CL_OUT_OF_RESOURCES);
    EXPECT_THROW(failed->event.synchronize(), OpenCLError);
    if (GetParam() == HandOver::device) {
      EXPECT_EQ(companion->stamp_behind(stream, failed->event), nullptr);
    }
  }
  const Stream other(context());
  EXPECT_GT(time_of(record(other).stamp->taken, CL_PROFILING_COMMAND_END), 0u);
}

TEST(TimingQueue, ExcludesTheWorkAfterAPointOnACpu) {
  if (context().device().type() != DeviceType::cpu) GTEST_SKIP() << "not a CPU";
  const Program program = Program::from_source(
      context(), {.name = "busy.cl",
                  .text = "kernel void busy(global float* x) {\n"
                          "  float y = x[get_global_id(0)];\n"
                          "  for (int i = 0; i < 200000; ++i) y = y * 0.999f + 1.0f;\n"
                          "  x[get_global_id(0)] = y;\n"
                          "}\n"});
  const Buffer data(context(), 16 * sizeof(float));
  cl_kernel kernel = clCreateKernel(program.get(), "busy", nullptr);
  const cl_mem memory = data.lend();
  ASSERT_EQ(clSetKernelArg(kernel, 0, sizeof(memory), &memory), CL_SUCCESS);
  const Stream timed(context(), {.profiling = true});
  TimingQueue companion;
  const std::size_t items = 16, one = 1;
  for (int i = 0; i < 20; ++i) {
    const TimedPoint point = companion.record(timed, hand_over_for(context().device()));
    cl_event behind = nullptr;
    ASSERT_EQ(
        clEnqueueNDRangeKernel(timed.get(), kernel, 1, nullptr, &items, &one, 0, nullptr, &behind),
        CL_SUCCESS);
    const auto taken = time_of(point.stamp->taken, CL_PROFILING_COMMAND_END);
    EXPECT_GE(taken, time_of(point.event.get(), CL_PROFILING_COMMAND_END));
    EXPECT_LE(taken, time_of(behind, CL_PROFILING_COMMAND_START));
    clReleaseEvent(behind);
  }
  clReleaseKernel(kernel);
}

TEST(TimingQueue, HoldsLaterWorkUntilTheHostTakesTheTime) {
  const Stream stream(context());
  TimingQueue companion;
  const cl_command_queue queue = queue_of(companion.record(stream, HandOver::host).stamp->taken);
  stream.synchronize();
  cl_event held = clCreateUserEvent(context().get(), nullptr);
  cl_event barrier = nullptr;
  ASSERT_EQ(clEnqueueBarrierWithWaitList(queue, 1, &held, &barrier), CL_SUCCESS);
  const TimedPoint point = companion.record(stream, HandOver::host);
  const Event behind = stream.record();
  point.event.synchronize();
  EXPECT_FALSE(is_done_soon(behind.get()));
  ASSERT_EQ(clSetUserEventStatus(held, CL_COMPLETE), CL_SUCCESS);
  behind.synchronize();
  clReleaseEvent(barrier);
  clReleaseEvent(held);
}

TEST(TimingQueue, HoldsTheStreamOnCpusAlone) {
  EXPECT_NE(hand_over_for(context().device()) == HandOver::device,
            context().device().type() == DeviceType::cpu);
}

TEST(TimingQueue, RefusesADeviceThatTakesNoTimeStamps) {
  const Device& device = context().device();
  check_takes_time_stamps(device, CL_QUEUE_PROFILING_ENABLE);
  const auto error = test::caught<OpenCLError>(
      [&] { check_takes_time_stamps(device, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), CL_INVALID_QUEUE_PROPERTIES);
  test::expect_parts(error->what(), "[Stream::record_timed]", "'" + device.name() + "'",
                     "use Stream::record and the host's clock");
}

TEST(TimingQueue, ManyThreadsMakeItOnce) {
  const Stream stream(context());
  TimingQueue companion;
  std::vector<cl_command_queue> queues(8);
  test::on_threads(8, [&](int i) {
    const TimedPoint point = companion.record(stream, hand_over_for(stream.device()));
    queues[static_cast<std::size_t>(i)] = queue_of(point.stamp->taken);
  });
  EXPECT_EQ(std::count(queues.begin(), queues.end(), queues[0]), 8);
  stream.synchronize();
}

}  // namespace
}  // namespace dovetail::detail
