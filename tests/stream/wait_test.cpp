// SPDX-License-Identifier: Apache-2.0
// Explicit waits for events, streams and points, and which of them cost a wait on the device.
#include <gtest/gtest.h>

#include <optional>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;
using test::Gate;

class Wait : public test::OrderedWork<testing::Test> {
 protected:
  void TearDown() override { consumer.synchronize(); }
  std::uint64_t of(Verdict verdict) const { return consumer.statistics().count(verdict); }

  const Buffer data = test::buffer_of(all(1));
  const Stream producer{context()};
  const Stream consumer{context()};
};

TEST_F(Wait, StreamCoversAllItsWorkAndCostsOneWait) {
  Gate gate(producer);
  set(producer, data, 2);
  consumer.wait(producer);
  EXPECT_EQ(of(Verdict::waited), 1u);
  EXPECT_TRUE(test::is_held(consumer.record()));
  consumer.wait(producer);
  EXPECT_EQ(of(Verdict::already_ordered), 1u);
  set(producer, data, 3);
  consumer.wait(producer);
  EXPECT_EQ(of(Verdict::waited), 2u);
  EXPECT_EQ(producer.statistics().markers, 2u);
}

TEST_F(Wait, IdleStreamCostsNothing) {
  consumer.wait(producer);
  set(producer, data, 2);
  producer.synchronize();
  consumer.wait(producer);
  EXPECT_EQ(of(Verdict::completed), 2u);
  EXPECT_EQ(producer.statistics().markers, 0u);
}

TEST_F(Wait, OwnStreamCostsNothing) {
  Gate gate(consumer);
  set(consumer, data, 2);
  consumer.wait(consumer);
  consumer.wait(consumer.point());
  consumer.wait(consumer.record());
  EXPECT_EQ(of(Verdict::same_queue), 3u);
  EXPECT_EQ(consumer.statistics().waits(), 0u);
}

TEST_F(Wait, PointCoversEarlierPoints) {
  Gate gate(producer);
  set(producer, data, 2);
  const Point early = producer.point();
  set(producer, data, 3);
  consumer.wait(producer.point());
  consumer.wait(early);
  consumer.wait(Point{producer.id(), 0});
  EXPECT_EQ(of(Verdict::waited), 1u);
  EXPECT_EQ(of(Verdict::already_ordered), 2u);
  EXPECT_TRUE(test::is_held(consumer.record()));
}

TEST_F(Wait, MarkerOfAnEarlyPointCoversLaterOnes) {
  Gate gate(producer);
  set(producer, data, 2);
  const Point early = producer.point();
  set(producer, data, 3);
  consumer.wait(early);  // by a marker that is enqueued now, after both
  consumer.wait(producer.point());
  EXPECT_EQ(of(Verdict::waited), 1u);
  EXPECT_EQ(of(Verdict::already_ordered), 1u);
}

TEST_F(Wait, RefusesAPointThatLiesAhead) {
  set(producer, data, 2);
  const Point ahead{producer.id(), 2};
  expect_throws<InvalidArgument>([&] { consumer.wait(ahead); }, "[Stream::wait]",
                                 "up to 1, and not 2");
}

TEST_F(Wait, RefusesAPointOfAStreamThatNeverWas) {
  const Point never{Stream(context()).id() + 1000, 1};
  expect_throws<InvalidArgument>([&] { consumer.wait(never); }, "[Stream::wait]",
                                 "stream #" + std::to_string(never.stream));
  consumer.wait(Point{});  // before all work
}

TEST_F(Wait, RefusesAPointAndAStreamOfAnotherContext) {
  const Stream other(test::other_context());
  expect_throws<InvalidArgument>([&] { consumer.wait(other); }, "[Stream::wait]",
                                 "the stream belongs to another context");
  expect_throws<InvalidArgument>([&] { consumer.wait(other.point()); }, "[Stream::wait]",
                                 "the point belongs to another context");
}

TEST_F(Wait, SecondWaitForAnEventCostsNothing) {
  Gate gate(producer);
  set(producer, data, 2);
  const Event event = producer.record();
  consumer.wait(event);
  consumer.wait(event);
  EXPECT_EQ(consumer.statistics().waits(), 1u);
  EXPECT_EQ(of(Verdict::already_ordered), 1u);
}

TEST_F(Wait, FinishedEventCostsNothing) {
  const Event event = producer.record();
  event.synchronize();
  consumer.wait(event);
  EXPECT_EQ(of(Verdict::completed), 1u);
}

TEST_F(Wait, EventCoversRawWorkOnAnOwnedQueue) {
  set(producer, data, 2);
  consumer.wait(producer.record());  // from here on the stream is in the consumer's clock
  for (int value = 3; value < 5; ++value) {
    Gate gate(producer);
    test::raw_set(producer.get(), {data, 0, data.nbytes()}, value);
    consumer.wait(producer.record());
    const Event done = consumer.record();
    EXPECT_TRUE(test::is_held(done)) << "event " << value;
  }
}

TEST_F(Wait, AdoptedStreamCoversRawWork) {
  const test::NativeQueue native(context());
  const Stream adopted = Stream::retain(context(), native.get());
  Gate gate(adopted);
  test::raw_set(native.get(), {data, 0, data.nbytes()}, 2);
  consumer.wait(adopted);
  EXPECT_EQ(of(Verdict::foreign), 1u);
  EXPECT_TRUE(test::is_held(consumer.record()));
}

TEST_F(Wait, AdoptionBothWaysVoidsExclusiveUse) {
  for (const bool exclusive_first : {true, false}) {
    const test::NativeQueue native(context());
    const Stream first = Stream::retain(context(), native.get(), {.exclusive = exclusive_first});
    const Stream second = Stream::retain(context(), native.get(), {.exclusive = !exclusive_first});
    Gate gate(first);
    test::raw_set(native.get(), {data, 0, data.nbytes()}, 2);
    consumer.wait(second);
    EXPECT_TRUE(test::is_held(consumer.record())) << "exclusive first: " << exclusive_first;
  }
}

TEST_F(Wait, ForeignEventCostsAWaitEachTime) {
  const test::NativeQueue native(context());
  Gate gate(Stream::borrow(context(), native.get(), {.exclusive = true}));
  cl_event marker = nullptr;
  ASSERT_EQ(clEnqueueMarkerWithWaitList(native.get(), 0, nullptr, &marker), CL_SUCCESS);
  const Event event = Event::retain(marker);
  clReleaseEvent(marker);
  consumer.wait(event);
  consumer.wait(event);
  EXPECT_EQ(of(Verdict::foreign), 2u);
  EXPECT_TRUE(test::is_held(consumer.record()));
  gate.release();
}

}  // namespace
}  // namespace dovetail
