// SPDX-License-Identifier: Apache-2.0
// How results that were recorded and not yet submitted behave.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/runtime/captured_work.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/recorded_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::CaptureTest;
using test::contents;
using test::context;
using test::expect_throws;

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
