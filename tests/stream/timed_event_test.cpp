// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/timed_event.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;

/// Device time of a kernel run of its own, taken by OpenCL.
std::chrono::nanoseconds kernel_time(const Stream& stream, cl_kernel kernel) {
  const std::size_t items = 1;
  cl_event event = nullptr;
  EXPECT_EQ(
      clEnqueueNDRangeKernel(stream.get(), kernel, 1, nullptr, &items, nullptr, 0, nullptr, &event),
      CL_SUCCESS);
  clWaitForEvents(1, &event);
  cl_ulong start = 0, end = 0;
  clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof(start), &start, nullptr);
  clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof(end), &end, nullptr);
  clReleaseEvent(event);
  return std::chrono::nanoseconds(end - start);
}

TEST(TimedEvent, DifferenceCoversTheWorkBetween) {
  const Stream stream(context(), {.profiling = true});
  const Program program = Program::from_source(
      context(), {.name = "busy.cl",
                  .text = "kernel void busy(global float* x) {\n"
                          "  float y = x[0];\n"
                          "  for (int i = 0; i < 2000000; ++i) y = y * 0.999f + 1.0f;\n"
                          "  x[0] = y;\n"
                          "}\n"});
  const Buffer data(context(), sizeof(float));
  cl_kernel kernel = clCreateKernel(program.get(), "busy", nullptr);
  cl_mem memory = data.get();
  ASSERT_EQ(clSetKernelArg(kernel, 0, sizeof(memory), &memory), CL_SUCCESS);
  kernel_time(stream, kernel);  // some drivers compile at the first run

  const TimedEvent start = stream.record_timed();
  const auto inside = kernel_time(stream, kernel);
  const TimedEvent end = stream.record_timed();
  static_assert(std::is_same_v<decltype(end - start), std::chrono::nanoseconds>);
  EXPECT_GT(inside.count(), 0);
  EXPECT_GE((end - start).count(), inside.count());
  EXPECT_EQ((start - end).count(), -(end - start).count());
  EXPECT_EQ((end - end).count(), 0);
  clReleaseKernel(kernel);
}

TEST(TimedEvent, IsAnEvent) {
  const Stream stream(context(), {.profiling = true});
  const Stream other(context());
  test::Gate gate(stream);
  const TimedEvent event = stream.record_timed();
  EXPECT_FALSE(event.is_done());
  other.wait(event);
  const Event after = other.record();
  EXPECT_FALSE(after.is_done());
  gate.release();
  after.synchronize();
  EXPECT_TRUE(event.is_done());
}

TEST(TimedEvent, IsRefusedWithoutProfiling) {
  const Stream stream(context());
  expect_parts(
      test::text_thrown<InvalidArgument>([&] { static_cast<void>(stream.record_timed()); }),
      "[Stream::record_timed]", "no time stamps", "Stream(context, {.profiling = true})");
}

}  // namespace
}  // namespace dovetail
