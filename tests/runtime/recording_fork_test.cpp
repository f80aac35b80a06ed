// SPDX-License-Identifier: Apache-2.0
// Recordings of several streams: forked, joined, in the same order on each replay.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/recording.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/recorded_work.hpp"
#include "tests/support/replay_methods.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::contents;
using test::context;
using test::expect_throws;

class RecordingForkTest : public test::RecordedWork<test::ReplayTest> {
 protected:
  void TearDown() override {
    for (const Stream& each : {stream, fork, other}) each.synchronize();
  }

  Recording growing_z() const {
    Capture capture(other, options());
    grow(z, other);
    return capture.end();
  }

  const Stream fork{context()};
  const Buffer x = test::buffer_of(all(1));
  const Buffer y = test::buffer_of(all(1));
  const Buffer z = test::buffer_of(all(1));
};

TEST_P(RecordingForkTest, RunsForksOnTheirStreams) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(y, fork);
  grow(x, stream);
  stream.wait(fork);
  const Recording recording = capture.end();
  ASSERT_EQ(recording.size(), 2u);

  test::Gate gate(fork);
  recording.replay();
  EXPECT_TRUE(test::is_held(stream.record()));  // joined
  for (int i = 0; i < 100'000 && contents(x) != all(3); ++i) continue;
  EXPECT_EQ(contents(x), all(3));  // and yet the two branches run apart
  EXPECT_EQ(contents(y), all(1));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, RunsForksBesideWorkOfTheFirstStream) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(x, stream);
  grow(y, fork);
  stream.wait(fork);
  const Recording recording = capture.end();
  test::Gate gate(stream);  // holds the recording's own work there; the fork came before it
  recording.replay();
  for (int i = 0; i < 100'000 && contents(y) != all(3); ++i) continue;
  EXPECT_EQ(contents(y), all(3));
  EXPECT_EQ(contents(x), all(1));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(3));
}

TEST_P(RecordingForkTest, SubmitsAsAWholeOrNotAtAll) {
  const Recording unsubmitted = growing_z();
  Capture capture(stream, options());
  grow(x, stream);
  fork.wait(stream);
  copy(z, y, fork);
  stream.wait(fork);
  const Recording recording = capture.end();
  EXPECT_THROW(recording.replay(), CaptureError);  // for what the fork reads
  stream.synchronize();
  EXPECT_EQ(contents(x), all(1));
  unsubmitted.replay();
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(3));
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, ReadsWhatItWroteItselfThoughUnsubmittedElsewhere) {
  const Recording unsubmitted = growing_z();
  Capture capture(stream, options());
  set(z, 5, stream);
  fork.wait(stream);
  copy(z, y, fork);
  stream.wait(fork);
  capture.end().replay();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(5));
}

TEST_P(RecordingForkTest, RefusesArgumentsThatReverseTheOrderOfItsStreams) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(x, stream);
  set(y, 5, fork);
  copy(x, z, stream);  // in one batch with the first command, and so before the fork's
  stream.wait(fork);
  const Recording recording = capture.end();
  expect_throws<InvalidArgument>([&] { recording.update(recording.find("kernel 'copy'"), 0, y); },
                                 "[Recording::update] argument 0 of command 1, kernel 'copy'",
                                 "command 2, kernel 'set'", "given to another stream before it",
                                 "replayed after it", "capture anew");
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(z), all(3));
  recording.update(recording.find("kernel 'copy'"), 0, test::buffer_of(all(4)));
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(z), all(4));
}

TEST_P(RecordingForkTest, ForksAfterWorkBeforeTheReplay) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(y, fork);
  stream.wait(fork);
  const Recording recording = capture.end();
  test::Gate gate(stream);
  grow(x, stream);
  recording.replay();
  EXPECT_TRUE(test::is_held(fork.record()));  // though they share no memory
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, ForksAndJoinsInTheMiddle) {
  Capture capture(stream, options());
  set(x, 2, stream);
  fork.wait(stream);
  copy(x, y, fork);
  set(z, 9, stream);
  stream.wait(fork);
  grow(y, stream);
  fork.wait(stream);
  copy(y, z, fork);
  stream.wait(fork);
  grow(z, stream);
  const Recording recording = capture.end();
  for (int i = 0; i < 20; ++i) recording.replay(i % 2 == 0 ? stream : other);
  stream.synchronize();
  other.synchronize();
  EXPECT_EQ(contents(x), all(2));
  EXPECT_EQ(contents(y), all(5));
  EXPECT_EQ(contents(z), all(11));
  const auto commands = recording.commands();
  EXPECT_EQ(commands[recording.find("kernel 'copy'")].stream, 1u);
}

TEST_P(RecordingForkTest, SharedMemoryJoinsAFork) {
  Capture capture(stream, options());
  fork.wait(stream);
  set(x, 4, fork);
  copy(x, y, stream);  // runs after it because of x
  const Recording recording = capture.end();
  test::Gate gate(fork);
  recording.replay();
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(4));
}

TEST_P(RecordingForkTest, OrdersWritesAfterReadsWithinTheCapture) {
  Capture capture(stream, options());
  fork.wait(stream);
  copy(x, y, fork);
  set(x, 8, stream);
  const Recording recording = capture.end();
  test::Gate gate(fork);
  recording.replay();
  EXPECT_TRUE(test::is_held(stream.record()));
  EXPECT_EQ(contents(x), all(1));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(8));
  EXPECT_EQ(contents(y), all(1));
}

TEST_P(RecordingForkTest, ThirdStreamJoinsAFork) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(x, fork);
  other.wait(fork);
  stream.wait(other);
  const Recording recording = capture.end();
  test::Gate gate(fork);
  recording.replay();
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(3));
}

TEST_P(RecordingForkTest, EmptyForkNeedsNoJoin) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(x, stream);
  const Recording recording = capture.end();
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(3));
}

TEST_P(RecordingForkTest, EndRefusesAnUnjoinedFork) {
  {
    Capture capture(stream, options());
    fork.wait(stream);
    set(y, 5, fork);
    grow(x, stream);
    expect_throws<CaptureError>(
        [&] { static_cast<void>(capture.end()); },
        "[Capture::end] stream #" + std::to_string(fork.id()) + " was given kernel 'set'",
        "join it");
  }
  // The capture has left no trace.
  grow(y, fork);
  grow(x, stream);
  stream.synchronize();
  fork.synchronize();
  EXPECT_EQ(contents(x), all(3));
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, EndRefusesWorkAfterTheJoin) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(y, fork);
  stream.wait(fork);
  grow(y, fork);
  EXPECT_THROW(static_cast<void>(capture.end()), CaptureError);
}

TEST_P(RecordingForkTest, RefusesToWaitForAStreamThatTakesNoPart) {
  Capture capture(stream, options());
  expect_throws<CaptureError>([&] { stream.wait(other); }, "[Stream::wait]",
                              "takes no part in that capture");
  Capture second(other, options());
  EXPECT_THROW(stream.wait(other), CaptureError);
  expect_throws<CaptureError>([&] { const Capture again(stream, options()); }, "captures already");
  fork.wait(other);
  EXPECT_THROW(fork.wait(stream), CaptureError);
}

TEST_P(RecordingForkTest, LetsTheStreamsWorkAsUsualAfterTheEnd) {
  std::optional<Recording> recording;
  {
    Capture capture(stream, options());
    fork.wait(stream);
    grow(y, fork);
    stream.wait(fork);
    recording = capture.end();
  }
  set(y, 2, fork);
  fork.synchronize();
  EXPECT_EQ(contents(y), all(2));
  recording->replay();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(5));
}

DOVETAIL_FOR_EACH_REPLAY_METHOD(RecordingForkTest);

}  // namespace
}  // namespace dovetail
