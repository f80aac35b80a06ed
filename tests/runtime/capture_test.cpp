// SPDX-License-Identifier: Apache-2.0
// What a capture refuses, and how results that were recorded and not yet submitted behave.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/ops/matmul_tuning.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/failing_call.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/recorded_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::contents;
using test::context;
using test::expect_throws;

class CaptureTest : public test::RecordedWork<testing::Test> {
 protected:
  static void fail(const Stream& on) {
    test::Gate gate(on);
    const Event event = on.record();
    gate.fail(-5);
    EXPECT_THROW(event.synchronize(), CommandError);
  }
  using RecordedWork::grow;
  void grow(const Stream& on) const { grow(on, data); }

  const Buffer data = test::buffer_of(all(1));
};

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

class UnsubmittedTest : public CaptureTest {
 protected:
  Recording captured() const {
    return RecordedWork::captured(stream, {}, [&] { grow(stream); });
  }
  void expect_refused(const std::function<void()>& call) const {
    expect_throws<CaptureError>(call, "recorded and has not been submitted",
                                "replay the recording first");
  }
};

TEST_F(UnsubmittedTest, ResultsRefuseReadsByStreamsAndTheHost) {
  const Tensor tensor = Tensor::from_buffer(data, {count}, DType::i32);
  std::optional<Recording> recording;
  {
    Capture capture(stream);
    grow(stream);
    expect_refused([&] { static_cast<void>(tensor.to_host<int>(other)); });
    recording = capture.end();
  }
  expect_refused([&] { static_cast<void>(tensor.to_host<int>(stream)); });
  expect_refused([&] { static_cast<void>(tensor.to_host<int>(other)); });
  expect_refused([&] { grow(other); });
  expect_refused([&] { grow(stream); });
  expect_refused(
      [&] { with_queue(stream, std::array{reads(data)}, "my work", [](cl_command_queue) {}); });
  recording->replay();
  EXPECT_EQ(tensor.to_host<int>(other), all(3));
  grow(other);
  other.synchronize();
  EXPECT_EQ(contents(data), all(7));
}

TEST_F(UnsubmittedTest, ResultsAllowOverwriting) {
  const Recording recording = captured();
  set(other, data, 5);
  const Tensor tensor = Tensor::from_buffer(data, {count}, DType::i32);
  EXPECT_EQ(tensor.to_host<int>(other), all(5));
  recording.replay();
  EXPECT_EQ(tensor.to_host<int>(stream), all(11));
}

TEST_F(UnsubmittedTest, PartialOverwriteMakesOnlyThatPartReadable) {
  const Recording recording = captured();
  constexpr std::size_t part = 16 * sizeof(int);
  with_queue(other, std::array{writes(BufferView{data, part, part})}, "fill",
             [&](cl_command_queue queue) {
               test::raw_set(queue, {data, part, part}, 5);
             });
  const auto view = [&](std::size_t begin, std::int64_t elements) {
    return Tensor::from_buffer(data, {elements}, DType::i32, begin);
  };
  EXPECT_EQ(view(part, 16).to_host<int>(other), std::vector<int>(16, 5));
  expect_refused([&] { static_cast<void>(view(0, 16).to_host<int>(other)); });
  expect_refused([&] { static_cast<void>(view(2 * part, 32).to_host<int>(other)); });
  expect_refused([&] { static_cast<void>(view(part - 4, 2).to_host<int>(other)); });
}

TEST_F(UnsubmittedTest, ResultsEndWithTheirRecording) {
  { const Recording recording = captured(); }
  grow(other);
  other.synchronize();
  EXPECT_EQ(contents(data), all(3));
}

TEST_F(UnsubmittedTest, ResultsRefuseReadsByAnotherRecordingsReplay) {
  const Buffer result = test::buffer_of(all(0));
  const Recording first = captured();
  Capture capture(other);
  copy(other, data, result);
  const Recording second = capture.end();
  expect_refused([&] { second.replay(); });
  first.replay();
  second.replay();
  other.synchronize();
  EXPECT_EQ(contents(result), all(3));
}

TEST_F(UnsubmittedTest, ResultsOfALaterRecordingDoNotHoldUpAnEarlierOne) {
  const Recording first = captured(), second = captured();  // both grow the same memory
  expect_refused([&] { second.replay(); });
  first.replay();
  expect_refused([&] { grow(other); });
  second.replay();
  grow(other);
  other.synchronize();
  EXPECT_EQ(contents(data), all(15));
}

TEST_F(UnsubmittedTest, ResultsMoveWithAnArgumentThatIsChanged) {
  const Buffer elsewhere = test::buffer_of(all(1));
  const Recording recording = captured();
  recording.update(0, 0, elsewhere);
  grow(other, data);
  expect_refused([&] { grow(other, elsewhere); });
  recording.replay();
  grow(other, elsewhere);
  other.synchronize();
  EXPECT_EQ(contents(data), all(3));
  EXPECT_EQ(contents(elsewhere), all(7));
}

TEST_F(UnsubmittedTest, ResultsStayAfterARefusedOverwrite) {
  const Buffer second = test::buffer_of(all(1));
  Capture capture(stream);
  grow(stream, data);
  grow(stream, second);
  const Recording recording = capture.end();
  expect_refused([&] {
    with_queue(other, std::array{writes(data), reads(second)}, "my work", [](cl_command_queue) {});
  });
  expect_refused([&] { grow(other, data); });
}

TEST_F(UnsubmittedTest, ReplayIgnoresResultsThatItOverwritesFirst) {
  const Buffer result = test::buffer_of(all(0));
  const Recording first = captured();
  Capture capture(other);
  set(other, data, 5);
  test::copy_kernel().launch(other, NDRange({count / 2}),
                             BufferView{data, 0, count / 2 * sizeof(int)}, writes(result));
  const Recording second = capture.end();
  second.replay();
  other.synchronize();
  EXPECT_EQ(contents(result)[0], 5);
}

TEST_F(UnsubmittedTest, ResultsStayUnsubmittedWhenAReplayFails) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Buffer lost = test::buffer_of(all(1));
  const Stream failed(context());
  {
    test::Gate gate(failed);
    set(failed, lost, 2);
    const Event event = failed.record();
    gate.fail(-5);
    EXPECT_THROW(event.synchronize(), CommandError);
  }
  Capture capture(stream);
  copy(stream, lost, data);
  const Recording recording = capture.end();
  EXPECT_THROW(recording.replay(), CommandError);
  expect_refused([&] { grow(other); });
}

TEST_F(UnsubmittedTest, ResultsStayUnsubmittedWhenAReplayIsRefused) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Recording recording = captured();
  const Stream failed(context());
  fail(failed);
  EXPECT_THROW(recording.replay(failed), CommandError);
  expect_refused([&] { grow(other); });
  recording.replay();
  grow(other);
  other.synchronize();
  EXPECT_EQ(contents(data), all(7));
}

}  // namespace
}  // namespace dovetail
