// SPDX-License-Identifier: Apache-2.0
// Streams whose last handle goes while their work is held: other streams still run after that work,
// or their calls throw.
#include <gtest/gtest.h>

#include <chrono>
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

class Lifetime : public test::OrderedWork<testing::Test> {
 protected:
  using OrderedWork::set;
  void set(const Stream& stream, int value) { set(stream, data, value); }
  void grow(const Stream& stream) { OrderedWork::grow(stream, data); }
  /// Enqueues work on `stream`, holds it and drops the only handle. Returns the work's point.
  Point leave_behind(std::optional<Stream>& stream) {
    gate.emplace(*stream);
    set(*stream, 2);
    const Point point = stream->point();
    stream.reset();
    return point;
  }
  void expect_held_until_release() { expect_held_until_release(consumer); }
  /// @param last  The stream whose work must run last.
  void expect_held_until_release(const Stream& last) {
    EXPECT_TRUE(test::is_held(last.record()));
    EXPECT_EQ(test::contents(data), all(1));
    gate->release();
    last.synchronize();
    EXPECT_EQ(test::contents(data), all(5));
  }

  const Buffer data = test::buffer_of(all(1));
  const test::NativeQueue native{context()};
  const Stream consumer{context()};
  std::optional<Gate> gate;
};

TEST_F(Lifetime, ConsumerWaitsForWorkOfAGoneOwnedStream) {
  std::optional<Stream> producer(std::in_place, context());
  leave_behind(producer);
  grow(consumer);
  EXPECT_EQ(consumer.statistics().count(Verdict::waited), 1u);
  expect_held_until_release();
}

TEST_F(Lifetime, ConsumerWaitsForWorkOfAGoneRetainedStream) {
  std::optional<Stream> producer = Stream::retain(context(), native.get());
  leave_behind(producer);
  grow(consumer);
  EXPECT_EQ(consumer.statistics().count(Verdict::foreign), 1u);
  expect_held_until_release();
}

TEST_F(Lifetime, PointsAndEventsOutliveTheirOwnedStream) {
  std::optional<Stream> producer(std::in_place, context());
  const Stream other(context());
  const Point point = leave_behind(producer);
  consumer.wait(point);
  other.wait(consumer.record());
  EXPECT_TRUE(test::is_held(other.record()));
  grow(other);
  EXPECT_EQ(other.statistics().count(Verdict::transitive), 1u);
  expect_held_until_release(other);
  consumer.synchronize();
  consumer.wait(point);
  EXPECT_EQ(consumer.statistics().count(Verdict::waited), 1u);
}

TEST_F(Lifetime, OrderOutlivesAChainOfStreams) {
  std::optional<Stream> first(std::in_place, context()), second(std::in_place, context());
  gate.emplace(*first);
  set(*first, 2);
  grow(*second);
  first.reset();
  second.reset();
  grow(consumer);
  EXPECT_TRUE(test::is_held(consumer.record()));
  gate->release();
  consumer.synchronize();
  EXPECT_EQ(test::contents(data), all(11));
}

TEST_F(Lifetime, GoneStreamLeavesNothingToWaitForOnceSynchronized) {
  std::optional<Stream> producer(std::in_place, context());
  set(*producer, 2);
  producer->synchronize();
  producer.reset();
  grow(consumer);
  EXPECT_EQ(consumer.statistics().count(Verdict::completed), 1u);
  consumer.synchronize();
  EXPECT_EQ(test::contents(data), all(5));
}

TEST_F(Lifetime, DependantsOfAGoneBorrowedStreamThrow) {
  std::optional<Stream> producer = Stream::borrow(context(), native.get());
  const std::string id = std::to_string(producer->id());
  const Point point = leave_behind(producer);
  expect_throws<Error>([&] { grow(consumer); },
                       "kernel 'grow' on stream #" + std::to_string(consumer.id()),
                       "stream #" + id + ", a borrowed queue", "keep a handle, use Stream::retain");
  expect_throws<Error>([&] { consumer.wait(point); }, "stream #" + id, "a borrowed queue");
  EXPECT_EQ(consumer.point().ticket, 0u) << "nothing was taken";

  const Buffer other = test::buffer_of(all(1));
  set(consumer, other, 3);
  consumer.synchronize();
  EXPECT_EQ(test::contents(other), all(3));
  gate->release();

  const Stream again = Stream::borrow(context(), native.get());
  again.synchronize();
  grow(consumer);
  consumer.synchronize();
  EXPECT_EQ(test::contents(data), all(5));
}

TEST_F(Lifetime, AdoptingAGoneBorrowedQueueResumesItsStream) {
  std::optional<Stream> producer = Stream::borrow(context(), native.get());
  const std::uint64_t id = producer->id();
  leave_behind(producer);
  for (const bool is_retained : {false, true}) {
    const Stream again = is_retained ? Stream::retain(context(), native.get())
                                     : Stream::borrow(context(), native.get());
    EXPECT_EQ(again.id(), id) << "its work is still under way";
    if (!is_retained) continue;
    grow(consumer);
    EXPECT_EQ(consumer.statistics().count(Verdict::foreign), 1u);
    set(again, 2);
    grow(consumer);
    expect_held_until_release();
  }
}

TEST_F(Lifetime, SynchronizedBorrowedStreamEndsWithoutHarm) {
  {
    const Stream producer = Stream::borrow(context(), native.get());
    set(producer, 2);
    producer.synchronize();
  }
  grow(consumer);
  consumer.synchronize();
  EXPECT_EQ(test::contents(data), all(5));
}

TEST_F(Lifetime, DestroyedEventEndsNeitherItsStreamNorItsWait) {
  std::optional<Stream> producer(std::in_place, context());
  gate.emplace(*producer);
  set(*producer, 2);
  {
    const Event event = producer->record();
    consumer.wait(event);
  }
  producer.reset();
  grow(consumer);
  expect_held_until_release();
}

}  // namespace
}  // namespace dovetail
