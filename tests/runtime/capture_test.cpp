// SPDX-License-Identifier: Apache-2.0
// What a capture refuses, and what it leaves as it was.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/ops/matmul_tuning.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/runtime/captured_work.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/failing_call.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::CaptureTest;
using test::contents;
using test::context;
using test::expect_throws;

TEST_F(CaptureTest, RefusesWhatCannotBeRecordedAndGoesOn) {
  const Event earlier = other.record();
  const Tensor a = Tensor::from_host<float>(context(), std::vector<float>(16, 1.0f), {4, 4});
  Capture capture(stream);
  grow(stream);
  const auto refuses = [&](const char* function, const std::function<void()>& call) {
    expect_throws<CaptureError>(call, function,
                                "stream #" + std::to_string(stream.id()) + " captures",
                                "cannot be recorded");
  };
  refuses("[Stream::synchronize]", [&] { stream.synchronize(); });
  refuses("[Stream::synchronize]", [&] { stream.synchronize(std::chrono::seconds(1)); });
  refuses("[Stream::record]", [&] { static_cast<void>(stream.record()); });
  refuses("[Stream::record_timed]", [&] { static_cast<void>(stream.record_timed()); });
  refuses("[Stream::wait]", [&] { stream.wait(earlier); });
  refuses("[Stream::wait]", [&] { stream.wait(other.point()); });
  refuses("[Stream::wait]", [&] { other.wait(stream.point()); });
  refuses("[Stream::reset]", [&] { stream.reset(); });
  refuses("read to host", [&] { static_cast<void>(a.to_host<float>(stream)); });
  bool was_called = false;
  refuses("my work", [&] {
    with_queue(stream, std::array{updates(data)}, "my work",
               [&](cl_command_queue) { was_called = true; });
  });
  EXPECT_FALSE(was_called);
  if (std::ranges::find(matmul_backends(), MatmulBackend::clblast) != matmul_backends().end()) {
    refuses("CLBlast",
            [&] { static_cast<void>(matmul(stream, a, a, {.backend = MatmulBackend::clblast})); });
  }
  grow(stream);
  const Recording recording = capture.end();
  EXPECT_EQ(recording.size(), 2u);
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(7));
}

TEST_F(CaptureTest, ThrowsInsideAFunctionThatEnqueues) {
  if (!test::in_child()) {  // which ends by its alarm should it hang
    const auto child = test::run_again_in_child();
    EXPECT_TRUE(child.passed) << child.output;
    return;
  }
  alarm(20);
  const Recording recording = captured(stream, {}, [&] { grow(stream); });
  const Buffer unrelated = test::buffer_of(all(1));
  const auto refuses = [&](const char* function, const std::function<void()>& call) {
    const auto nested = [&](cl_command_queue) { call(); };
    expect_throws<Error>([&] { with_queue(stream, std::array{reads(unrelated)}, "raw", nested); },
                         function,
                         "this thread is giving work to stream #" + std::to_string(stream.id()),
                         "a function that enqueues on a stream's queue may");
  };
  refuses("[Recording::replay]", [&] { recording.replay(other); });
  refuses("[Recording::update]", [&] { recording.update(0, 0, data); });
  refuses("[Capture]", [&] { const Capture nested(stream); });
  const Capture capture(other);
  refuses("[Stream::wait]", [&] { stream.wait(other); });
}

// A thread of the parent may have held the capture's lock at the fork.
TEST_F(CaptureTest, ForkedChildLeavesItAlone) {
  std::optional<Capture> capture(std::in_place, stream);
  const auto child = test::run_in_fork([&] {
    capture.reset();
    return stream.is_capturing() ? "untouched" : "abandoned";
  });
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.text, "untouched");
  capture.reset();
  EXPECT_FALSE(stream.is_capturing());
}

TEST_F(CaptureTest, RecordsAProductThatIsTunedToTheVendor) {
  if (std::ranges::find(matmul_backends(), MatmulBackend::clblast) == matmul_backends().end()) {
    GTEST_SKIP() << "This build has no CLBlast.";
  }
  set_matmul_tuning(context().device(), {.m = 9, .n = 10, .k = 11},
                    {.backend = MatmulBackend::clblast});
  const Tensor a = Tensor::full(stream, {9, 11}, 1.0), b = Tensor::full(stream, {11, 10}, 2.0);
  const Tensor out = Tensor::full(stream, {9, 10}, 0.0);
  Capture capture(stream);
  matmul_into(stream, a, b, out);
  const Recording recording = capture.end();
  recording.replay();
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(90, 22.0f));
}

TEST_F(CaptureTest, StreamsThatTakePartReportIt) {
  EXPECT_FALSE(stream.is_capturing());
  {
    const Capture capture(stream);
    EXPECT_TRUE(stream.is_capturing());
    EXPECT_FALSE(other.is_capturing());
    other.wait(stream);
    EXPECT_TRUE(other.is_capturing());
  }
  EXPECT_FALSE(stream.is_capturing());
  EXPECT_FALSE(other.is_capturing());
}

TEST_F(CaptureTest, RefusesASecondEndAndAReplayInside) {
  Capture capture(stream);
  const Recording recording = capture.end();
  EXPECT_THROW(static_cast<void>(capture.end()), CaptureError);
  const Capture second(stream);
  expect_throws<CaptureError>([&] { recording.replay(); }, "[Recording::replay]", "captures");
}

TEST_F(CaptureTest, LeavesNothingBehindWithoutItsEnd) {
  {
    const Capture capture(stream);
    grow(stream);
    other.wait(stream);
    grow(other);
  }
  grow(stream);
  grow(other);
  other.synchronize();
  EXPECT_EQ(contents(data), all(7));
}

TEST_F(CaptureTest, LeavesWorkOnOtherStreamsAlone) {
  Capture capture(stream);
  const Buffer unrelated = test::buffer_of(all(1));
  set(other, unrelated, 3);
  other.synchronize();
  EXPECT_EQ(contents(unrelated), all(3));
}

TEST_F(CaptureTest, ThrowsOnAFailedStream) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  fail(stream);
  EXPECT_THROW(const Capture capture(stream), CommandError);
}

TEST_F(CaptureTest, ReplayRefusedMidwayFailsTheStreamsThatGotAPart) {
  Capture capture(stream, {.method = ReplayMethod::launch_list});
  grow(stream);
  other.wait(stream);
  const Tensor filled = Tensor::full(other, {count}, 2.0);
  stream.wait(other);
  const Recording recording = capture.end();
  recording.replay();
  {
    const test::OutOfMemoryCalls full(test::MemoryCall::fill, 1000);
    EXPECT_THROW(recording.replay(), OpenCLError);
  }
  EXPECT_THROW(grow(stream), CommandError);
  EXPECT_THROW(grow(other), CommandError);  // for what that part has written
  stream.reset();
  recording.replay();
  EXPECT_EQ(filled.to_host<float>(stream), std::vector<float>(count, 2.0f));
}

}  // namespace
}  // namespace dovetail
