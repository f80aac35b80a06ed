// SPDX-License-Identifier: Apache-2.0
// Provokes each verdict on a dependency by itself and counts it with Stream::statistics().
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Gate;

/// Counts dependencies by verdict.
struct Verdicts {
  std::uint64_t same_queue = 0, already_ordered = 0, transitive = 0, completed = 0, waited = 0,
                foreign = 0;
  friend bool operator==(const Verdicts&, const Verdicts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Verdicts& v) {
    return out << v.same_queue << " same_queue, " << v.already_ordered << " already_ordered, "
               << v.transitive << " transitive, " << v.completed << " completed, " << v.waited
               << " waited, " << v.foreign << " foreign";
  }
};

Verdicts verdicts(const Stream& stream) {
  const StreamStatistics now = stream.statistics();
  return {now.count(Verdict::same_queue), now.count(Verdict::already_ordered),
          now.count(Verdict::transitive), now.count(Verdict::completed),
          now.count(Verdict::waited),     now.count(Verdict::foreign)};
}

class VerdictTest : public test::OrderedWork<testing::Test> {
 protected:
  static void set(const Stream& stream, const Buffer& buffer) {
    OrderedWork::set(stream, buffer, 2);
  }
  static Buffer buffer() { return test::buffer_of(all(1)); }

  const Buffer x = buffer(), y = buffer(), z = buffer();
  const Stream a{context()}, b{context()}, c{context()};
};

TEST_F(VerdictTest, FirstUsesGetNone) {
  set(a, x);
  copy(b, y, z);
  EXPECT_EQ(verdicts(a), Verdicts{});
  EXPECT_EQ(verdicts(b), Verdicts{});
  EXPECT_EQ(a.statistics().commands, 1u);
}

TEST_F(VerdictTest, UsesOnOneQueueCountAsSameQueue) {
  Gate gate(a);
  set(a, x);
  copy(a, x, y);  // x
  set(a, y);      // y
  set(a, z);
  EXPECT_EQ(verdicts(a), (Verdicts{.same_queue = 2}));
  EXPECT_EQ(a.statistics().markers, 0u);
}

TEST_F(VerdictTest, SecondUseAfterAWaitCountsAsAlreadyOrdered) {
  Gate gate(a);
  set(a, x);
  copy(b, x, y);
  EXPECT_EQ(verdicts(b), (Verdicts{.waited = 1}));
  copy(b, x, z);
  EXPECT_EQ(verdicts(b), (Verdicts{.already_ordered = 1, .waited = 1}));
  EXPECT_EQ(a.statistics().markers, 1u);
}

TEST_F(VerdictTest, AlreadyOrderedCoversAllBeforeTheMarker) {
  Gate gate(a);
  set(a, x);
  set(a, y);
  copy(b, x, z);
  set(b, y);
  EXPECT_EQ(verdicts(b), (Verdicts{.already_ordered = 1, .waited = 1}));
  set(a, x);  // after the reader on b, by a wait of its own
  EXPECT_EQ(verdicts(a), (Verdicts{.same_queue = 1, .waited = 1}));
  copy(b, x, z);
  EXPECT_EQ(verdicts(b), (Verdicts{.same_queue = 1, .already_ordered = 1, .waited = 2}));
}

TEST_F(VerdictTest, WaitThroughAThirdStreamCountsAsTransitive) {
  Gate gate(a);
  set(a, x);
  copy(b, x, y);
  copy(c, y, z);
  EXPECT_EQ(verdicts(c), (Verdicts{.waited = 1}));
  copy(c, x, z);
  EXPECT_EQ(verdicts(c), (Verdicts{.same_queue = 1, .transitive = 1, .waited = 1}));
  EXPECT_EQ(a.statistics().markers, 1u);
  EXPECT_TRUE(test::is_held(c.record()));
}

TEST_F(VerdictTest, TransitiveEndsWhereTheStreamBetweenHadNotWaitedYet) {
  Gate second(b), gate(a);
  set(b, y);
  copy(c, y, z);  // before b waits for a
  set(a, x);
  copy(b, x, y);
  copy(c, x, z);
  EXPECT_EQ(verdicts(c), (Verdicts{.same_queue = 1, .waited = 2}));
  second.release();
  EXPECT_TRUE(test::is_held(c.record()));
}

TEST_F(VerdictTest, SynchronizedWorkCountsAsCompleted) {
  set(a, x);
  a.synchronize();
  copy(b, x, y);
  EXPECT_EQ(verdicts(b), (Verdicts{.completed = 1}));
  EXPECT_EQ(a.statistics().markers, 0u);
}

TEST_F(VerdictTest, CompletedEndsWhereTheHostHasSeen) {
  set(a, x);
  const Event early = a.record();
  Gate gate(a);
  set(a, y);
  early.synchronize();
  copy(b, x, z);
  EXPECT_EQ(verdicts(b), (Verdicts{.completed = 1}));
  copy(b, y, z);
  EXPECT_EQ(verdicts(b), (Verdicts{.same_queue = 1, .completed = 1, .waited = 1}));
}

TEST_F(VerdictTest, CompletedFollowsFromAStreamThatHadWaited) {
  set(a, x);
  {
    Gate gate(a);  // so that b really waits
    copy(b, x, y);
    EXPECT_EQ(verdicts(b), (Verdicts{.waited = 1}));
  }
  b.synchronize();
  copy(c, x, z);
  EXPECT_EQ(verdicts(c), (Verdicts{.completed = 1})) << "b was done, so a had been";
}

TEST_F(VerdictTest, ReadersSideBySideGetNone) {
  Gate gate(a);
  copy(a, x, y);
  copy(b, x, z);
  EXPECT_EQ(verdicts(b), Verdicts{});
  b.synchronize();
}

TEST_F(VerdictTest, WriterGetsOneForEachStreamOfReaders) {
  Gate first(a), second(b);
  for (int i = 0; i < 3; ++i) {
    copy(a, x, y);
    copy(b, x, z);
  }
  set(c, x);
  EXPECT_EQ(verdicts(c), (Verdicts{.waited = 2}));
  const Event done = c.record();
  first.release();
  EXPECT_TRUE(test::is_held(done)) << "one of two";
  second.release();
  c.synchronize();
}

TEST_F(VerdictTest, EachReaderAfterAWriterGetsItsOwn) {
  Gate gate(a);
  set(a, x);
  copy(b, x, y);
  copy(c, x, z);
  EXPECT_EQ(verdicts(b), (Verdicts{.waited = 1}));
  EXPECT_EQ(verdicts(c), (Verdicts{.waited = 1}));
  EXPECT_EQ(a.statistics().markers, 1u) << "both wait for the same";
}

TEST_F(VerdictTest, ConsumerGetsOneForEachProducer) {
  constexpr std::size_t producers = 20;
  std::vector<Stream> streams;
  std::deque<Gate> gates;
  for (std::size_t i = 0; i < producers; ++i) {
    streams.emplace_back(context());
    gates.emplace_back(streams.back());
    copy(streams.back(), x, buffer());
  }
  set(c, x);
  EXPECT_EQ(verdicts(c), (Verdicts{.waited = producers}));
  const Event done = c.record();
  for (Gate& gate : gates) {
    EXPECT_FALSE(done.is_done());
    gate.release();
  }
  c.synchronize();
}

TEST_F(VerdictTest, SharedQueueCountsAsForeignEachTime) {
  const test::NativeQueue native(context());
  const Stream shared = Stream::retain(context(), native.get());
  Gate gate(shared);
  set(shared, x);
  copy(b, x, y);
  copy(b, x, y);
  EXPECT_EQ(verdicts(b), (Verdicts{.same_queue = 1, .foreign = 2}));
}

}  // namespace
}  // namespace dovetail
