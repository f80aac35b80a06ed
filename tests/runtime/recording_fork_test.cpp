// SPDX-License-Identifier: Apache-2.0
// Recordings of several streams: forked, joined, in the same order on each replay.
#include <gtest/gtest.h>

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
    return captured(other, options(), [&] { grow(other, z); });
  }
  /// Captures `work`, to which `fork` is a fork of `stream`.
  template <typename Work>
  Recording forked(const Work& work) const {
    return captured(stream, options(), [&] {
      fork.wait(stream);
      work();
    });
  }
  Recording growing_y() const {
    return forked([&] {
      grow(fork, y);
      stream.wait(fork);
    });
  }
  /// Replays while `fork` is held. Expects that `stream` waits for it; calls `check` meanwhile.
  template <typename Check>
  void expect_joined(const Recording& recording, const Check& check) const {
    test::Gate gate(fork);
    recording.replay();
    EXPECT_TRUE(test::is_held(stream.record()));
    check();
    gate.release();
    stream.synchronize();
  }
  void expect_joined(const Recording& recording) const {
    expect_joined(recording, [] {});
  }
  /// Looks at a buffer again and again until it holds `value`, or gives up.
  static void expect_reached(const Buffer& buffer, int value) {
    for (int i = 0; i < 100'000 && contents(buffer) != all(value); ++i) continue;
    EXPECT_EQ(contents(buffer), all(value));
  }

  const Stream fork{context()};
  const Buffer x = test::buffer_of(all(1));
  const Buffer y = test::buffer_of(all(1));
  const Buffer z = test::buffer_of(all(1));
};

TEST_P(RecordingForkTest, RunsForksOnTheirStreams) {
  const Recording recording = forked([&] {
    grow(fork, y);
    grow(stream, x);
    stream.wait(fork);
  });
  ASSERT_EQ(recording.size(), 2u);
  expect_joined(recording, [&] {
    expect_reached(x, 3);  // the two branches run apart
    EXPECT_EQ(contents(y), all(1));
  });
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, RunsForksBesideWorkOfTheFirstStream) {
  const Recording recording = forked([&] {
    grow(stream, x);
    grow(fork, y);
    stream.wait(fork);
  });
  test::Gate gate(stream);  // holds the recording's own work there; the fork came before it
  recording.replay();
  expect_reached(y, 3);
  EXPECT_EQ(contents(x), all(1));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(3));
}

TEST_P(RecordingForkTest, SubmitsAsAWholeOrNotAtAll) {
  const Recording unsubmitted = growing_z();
  Capture capture(stream, options());
  grow(stream, x);
  fork.wait(stream);
  copy(fork, z, y);
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
  set(stream, z, 5);
  fork.wait(stream);
  copy(fork, z, y);
  stream.wait(fork);
  capture.end().replay();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(5));
}

TEST_P(RecordingForkTest, RefusesArgumentsThatReverseTheOrderOfItsStreams) {
  const Recording recording = forked([&] {
    grow(stream, x);
    set(fork, y, 5);
    copy(stream, x, z);  // in one batch with the first command, and so before the fork's
    stream.wait(fork);
  });
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
  const Recording recording = growing_y();
  test::Gate gate(stream);
  grow(stream, x);
  recording.replay();
  EXPECT_TRUE(test::is_held(fork.record()));  // though they share no memory
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, ForksAndJoinsInTheMiddle) {
  Capture capture(stream, options());
  set(stream, x, 2);
  fork.wait(stream);
  copy(fork, x, y);
  set(stream, z, 9);
  stream.wait(fork);
  grow(stream, y);
  fork.wait(stream);
  copy(fork, y, z);
  stream.wait(fork);
  grow(stream, z);
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
  expect_joined(forked([&] {
    set(fork, x, 4);
    copy(stream, x, y);  // runs after it because of x
  }));
  EXPECT_EQ(contents(y), all(4));
}

TEST_P(RecordingForkTest, OrdersWritesAfterReadsWithinTheCapture) {
  const Recording recording = forked([&] {
    copy(fork, x, y);
    set(stream, x, 8);
  });
  expect_joined(recording, [&] { EXPECT_EQ(contents(x), all(1)); });
  EXPECT_EQ(contents(x), all(8));
  EXPECT_EQ(contents(y), all(1));
}

TEST_P(RecordingForkTest, ThirdStreamJoinsAFork) {
  expect_joined(forked([&] {
    grow(fork, x);
    other.wait(fork);
    stream.wait(other);
  }));
  EXPECT_EQ(contents(x), all(3));
}

TEST_P(RecordingForkTest, EmptyForkNeedsNoJoin) {
  forked([&] { grow(stream, x); }).replay();
  stream.synchronize();
  EXPECT_EQ(contents(x), all(3));
}

TEST_P(RecordingForkTest, EndRefusesAnUnjoinedFork) {
  {
    Capture capture(stream, options());
    fork.wait(stream);
    set(fork, y, 5);
    grow(stream, x);
    expect_throws<CaptureError>(
        [&] { static_cast<void>(capture.end()); },
        "[Capture::end] stream #" + std::to_string(fork.id()) + " was given kernel 'set'",
        "join it");
  }
  // The capture has left no trace.
  grow(fork, y);
  grow(stream, x);
  stream.synchronize();
  fork.synchronize();
  EXPECT_EQ(contents(x), all(3));
  EXPECT_EQ(contents(y), all(3));
}

TEST_P(RecordingForkTest, EndRefusesWorkAfterTheJoin) {
  Capture capture(stream, options());
  fork.wait(stream);
  grow(fork, y);
  stream.wait(fork);
  grow(fork, y);
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
  const Recording recording = growing_y();
  set(fork, y, 2);
  fork.synchronize();
  EXPECT_EQ(contents(y), all(2));
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(y), all(5));
}

DOVETAIL_FOR_EACH_REPLAY_METHOD(RecordingForkTest);

}  // namespace
}  // namespace dovetail
