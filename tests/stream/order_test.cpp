// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/order.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"

namespace dovetail::detail {
namespace {

constexpr std::uint64_t own = 1, other = 2, third = 3;

TEST(Order, QueueOrdersWorkOfItsOwnStream) {
  const Clock clock;
  EXPECT_EQ(Order(own, clock).known({own, 7}), Verdict::same_queue);
  EXPECT_EQ(Order(own, clock).known({own, 7}, Order::any_epoch), Verdict::same_queue);
}

TEST(Order, EmptyClockOrdersNothing) {
  const Clock clock;
  EXPECT_EQ(Order(own, clock).known({other, 1}), std::nullopt);
}

TEST(Order, WaitBetweenTwoStreamsCoversEarlierTicketsOnly) {
  Clock clock;
  clock.add({other, 5}, 0);
  const Order order(own, clock);
  EXPECT_EQ(order.known({other, 4}), Verdict::already_ordered);
  EXPECT_EQ(order.known({other, 5}), Verdict::already_ordered);
  EXPECT_EQ(order.known({other, 6}), std::nullopt);
}

TEST(Order, ClockOfTheProducerMakesOrderTransitive) {
  Clock producer;
  producer.add({third, 8}, 0);
  Clock clock;
  clock.add({other, 5}, 0);
  clock.join(producer, own);
  const Order order(own, clock);
  EXPECT_EQ(order.known({third, 8}), Verdict::transitive);
  EXPECT_EQ(order.known({third, 9}), std::nullopt);
  clock.add({third, 3}, 0);
  EXPECT_EQ(order.known({third, 3}), Verdict::already_ordered);
  EXPECT_EQ(order.known({third, 4}), Verdict::transitive);
}

TEST(Order, ForeignWorkNeedsAnEpochThatTheWaitCovered) {
  Clock clock;
  clock.add({other, 5}, 10);
  const Order order(own, clock);
  EXPECT_EQ(order.known({other, 5}, 10), Verdict::already_ordered);
  EXPECT_EQ(order.known({other, 5}, 11), std::nullopt);
  EXPECT_EQ(order.known({other, 5}, Order::any_epoch), std::nullopt);
}

TEST(Order, WaitsAloneAreWaits) {
  EXPECT_EQ(Order::wait(false), Verdict::waited);
  EXPECT_EQ(Order::wait(true), Verdict::foreign);
  EXPECT_TRUE(is_wait(Verdict::waited) && is_wait(Verdict::foreign));
  EXPECT_FALSE(is_wait(Verdict::same_queue) || is_wait(Verdict::already_ordered) ||
               is_wait(Verdict::transitive) || is_wait(Verdict::completed));
}

TEST(Order, UnknownStreamsWorkIsForeseenAsCompleted) {
  const Clock clock;
  constexpr std::uint64_t nobody = Order::any_epoch - 1;
  EXPECT_EQ(Order(own, clock).foreseen({nobody, 1}, false), Verdict::completed);
}

TEST(Order, WorkUnderWayIsForeseenAsAWaitUnlessTheClockCoversIt) {
  const Stream producer(test::context());
  test::Gate gate(producer);
  with_queue(producer, {}, "work", [](cl_command_queue) {});
  const Point point = producer.point();
  Clock clock;
  EXPECT_EQ(Order(0, clock).foreseen(point, false), Verdict::waited);
  EXPECT_EQ(Order(0, clock).foreseen(point, true), Verdict::foreign);
  EXPECT_EQ(Order(point.stream, clock).foreseen(point, true), Verdict::same_queue);
  clock.add(point, 0);
  EXPECT_EQ(Order(0, clock).foreseen(point, false), Verdict::already_ordered);
  EXPECT_EQ(Order(0, clock).foreseen(point, true), Verdict::foreign);
  gate.release();
  producer.synchronize();
  EXPECT_EQ(Order(0, Clock()).foreseen(point, false), Verdict::completed);
}

TEST(KeepsOrder, OneLaneKeepsTheOrderOfItsCommands) {
  EXPECT_TRUE(keeps_order({0, 0, 0, 0}, {0, 4, 0, 9}));
  EXPECT_TRUE(keeps_order({0, 0, 4, 8}, {0, 0, 5, 9}));
  EXPECT_TRUE(keeps_order({0, 0, 5, 9}, {0, 0, 4, 8}));
}

TEST(KeepsOrder, LanesKeepOrderWhereSegmentsFollowTheCapture) {
  const RecordedPlace first{0, 0, 0, 0}, late{0, 0, 1, 2}, other_lane{1, 1, 0, 1};
  EXPECT_TRUE(keeps_order(first, other_lane));
  EXPECT_TRUE(keeps_order(other_lane, first));
  EXPECT_FALSE(keeps_order(late, other_lane));
  EXPECT_FALSE(keeps_order(other_lane, late));
}

}  // namespace
}  // namespace dovetail::detail
