// SPDX-License-Identifier: Apache-2.0
// The OpenCL calls of captures and replays.
#include <gtest/gtest.h>

#include <optional>

#include "dovetail/ops/elementwise.hpp"
#include "dovetail/runtime/recording.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/recorded_work.hpp"

namespace dovetail {
namespace {

using test::Calls;
using test::calls_during;
using test::order_calls_during;

class RecordingCalls : public test::RecordedWork<test::LayerTest> {
 protected:
  void TearDown() override {
    for (const Stream& each : {stream, other}) each.synchronize();
  }
  Recording captured(int launches) const {
    return RecordedWork::captured(stream, {.method = ReplayMethod::launch_list}, [&] {
      for (int i = 0; i < launches; ++i) grow(stream, data);
    });
  }
  /// Calls that enqueue, order or block.
  static Calls work_of(Calls calls) {
    std::erase_if(calls, [](const auto& call) {
      return !call.first.starts_with("clEnqueue") && call.first != "clFlush" &&
             call.first != "clFinish" && call.first != "clWaitForEvents";
    });
    return calls;
  }

  const Buffer data = test::buffer_of(all(1));
  const Buffer more = test::buffer_of(all(1));
};

TEST_F(RecordingCalls, CaptureEnqueuesNothing) {
  EXPECT_EQ(work_of(calls_during([&] { static_cast<void>(captured(20)); })), Calls{});
}

TEST_F(RecordingCalls, ReplayMakesItsLaunchesAndNothingElse) {
  const Recording recording = captured(20);
  EXPECT_EQ(calls_during([&] { recording.replay(); }), (Calls{{"clEnqueueNDRangeKernel", 20}}));
}

TEST_F(RecordingCalls, ReplayTakesOneWaitForAllWorkOfAnotherStream) {
  const Recording recording = captured(20);
  recording.replay();
  stream.synchronize();
  test::Gate gate(other);
  for (int i = 0; i < 5; ++i) grow(other, data);
  EXPECT_EQ(order_calls_during([&] { recording.replay(); }), test::one_wait);
  EXPECT_EQ(order_calls_during([&] { recording.replay(); }), test::OrderCalls{});
  gate.release();
}

TEST_F(RecordingCalls, ReplayWithAForkTakesAWaitEachWay) {
  Capture capture(stream, {.method = ReplayMethod::launch_list});
  grow(stream, data);
  other.wait(stream);
  grow(other, more);
  grow(stream, data);
  stream.wait(other);
  grow(stream, data);
  const Recording recording = capture.end();
  test::Gate gate(stream);
  const test::OrderCalls both{.markers = 2, .flushes = 2, .barriers = 2, .events = 2};
  EXPECT_EQ(order_calls_during([&] { recording.replay(); }), both);
  gate.release();
}

}  // namespace
}  // namespace dovetail
