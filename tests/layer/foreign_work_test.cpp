// SPDX-License-Identifier: Apache-2.0
// Queues that another party enqueues on too: what it does is never assumed to be covered.
#include <gtest/gtest.h>

#include <chrono>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail {
namespace {

using test::context;
using test::one_wait;
using test::order_calls_during;
using test::OrderCalls;

constexpr std::size_t count = 64;

class ForeignWork : public test::LayerTest {
 protected:
  void set(const Stream& stream, int value) {
    test::set_kernel().launch(stream, NDRange({count}), writes(data), value);
  }
  void copy(const Stream& stream) {
    test::copy_kernel().launch(stream, NDRange({count}), reads(data), writes(out));
  }
  void others_set(int value) { test::raw_set(native.get(), all, value); }
  /// For a peer to hold back.
  test::LazyPeer::Work setting(int value) {
    return [this, value](cl_command_queue queue) { test::raw_set(queue, all, value); };
  }
  int result() {
    consumer.synchronize();
    const auto values = test::contents(out);
    EXPECT_EQ(values, std::vector<int>(count, values.at(0)));
    return values.at(0);
  }

  const Buffer data = test::buffer_of(std::vector<int>(count, 1));
  const Buffer out = test::buffer_of(std::vector<int>(count, -1));
  const BufferView all{data, 0, data.nbytes()};
  const test::NativeQueue native{context()};
  const Stream consumer{context()};
};

TEST_F(ForeignWork, EachWaitCoversForeignWorkAnew) {
  for (const bool is_retained : {true, false}) {
    SCOPED_TRACE(is_retained ? "retained" : "borrowed");
    const Stream producer = is_retained ? Stream::retain(context(), native.get())
                                        : Stream::borrow(context(), native.get());
    set(producer, 2);
    const StreamStatistics before = consumer.statistics();
    for (int value = 3; value < 6; ++value) {
      test::Gate gate(producer);
      others_set(value);
      EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
      const Event done = consumer.record();
      EXPECT_TRUE(test::is_held(done));
      gate.release();
      EXPECT_EQ(result(), value);
    }
    EXPECT_EQ(consumer.statistics().count(Verdict::foreign) - before.count(Verdict::foreign), 3u);
    producer.synchronize();
  }
}

TEST_F(ForeignWork, WaitCoversForeignWorkEvenWhenOurOwnIsDone) {
  const Stream producer = Stream::retain(context(), native.get());
  set(producer, 2);
  producer.synchronize();
  test::Gate gate(producer);
  others_set(3);
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  EXPECT_TRUE(test::is_held(consumer.record()));
  gate.release();
  EXPECT_EQ(result(), 3);
}

TEST_F(ForeignWork, QueueOrdersForeignWorkOnTheSharedQueueItself) {
  const Stream shared = Stream::retain(context(), native.get());
  test::Gate gate(shared);
  EXPECT_EQ(order_calls_during([&] {
              set(shared, 2);
              others_set(3);
              copy(shared);
            }),
            OrderCalls{});
  gate.release();
  shared.synchronize();
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 3));
}

TEST_F(ForeignWork, PromiseRulesOutASecondWait) {
  for (const bool is_retained : {true, false}) {
    SCOPED_TRACE(is_retained ? "retained" : "borrowed");
    const Stream fresh(context());
    const AdoptionOptions exclusive{.exclusive = true};
    const Stream producer = is_retained ? Stream::retain(context(), native.get(), exclusive)
                                        : Stream::borrow(context(), native.get(), exclusive);
    test::Gate gate(producer);
    set(producer, 2);
    EXPECT_EQ(order_calls_during([&] { copy(fresh); }), one_wait);
    EXPECT_EQ(order_calls_during([&] { copy(fresh); }), OrderCalls{});
    EXPECT_EQ(fresh.statistics().count(Verdict::waited), 1u);
    EXPECT_EQ(fresh.statistics().count(Verdict::already_ordered), 1u);
    EXPECT_EQ(fresh.statistics().count(Verdict::foreign), 0u);
    gate.release();
    fresh.synchronize();
    producer.synchronize();
  }
}

TEST_F(ForeignWork, AdoptionWithoutThePromiseEndsIt) {
  const Stream promised = Stream::retain(context(), native.get(), {.exclusive = true});
  test::Gate gate(promised);
  set(promised, 2);
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  const Stream shared = Stream::retain(context(), native.get());
  others_set(3);
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  gate.release();
  EXPECT_EQ(result(), 3);
}

class LazyPeer : public ForeignWork {
 protected:
  LazyPeer() { stream.attach(peer); }
  const std::shared_ptr<test::LazyPeer> peer = std::make_shared<test::LazyPeer>(native.get());
  const Stream stream = Stream::retain(context(), native.get());
};

TEST_F(LazyPeer, RunsWhatItRecordedBeforeALaunchOnTheSameStream) {
  peer->record(setting(5));
  EXPECT_EQ(order_calls_during([&] { copy(stream); }), OrderCalls{});
  EXPECT_EQ(peer->submits(), 1);
  stream.synchronize();
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
}

TEST_F(LazyPeer, PeerThatHoldsNothingBackIsNotAskedToSubmit) {
  copy(stream);
  EXPECT_EQ(peer->submits(), 0);
  peer->record(setting(5));
  copy(stream);
  copy(stream);
  stream.synchronize();
  copy(consumer);
  EXPECT_EQ(peer->submits(), 1);
}

TEST_F(LazyPeer, SubmitsBeforeAnotherStreamWaitsAndOnlyOnce) {
  set(stream, 2);
  test::Gate gate(stream);
  peer->record(setting(5));
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  EXPECT_EQ(peer->submits(), 1);
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), OrderCalls{}) << "nothing has moved";
  EXPECT_EQ(consumer.statistics().count(Verdict::foreign), 1u);
  EXPECT_EQ(consumer.statistics().count(Verdict::already_ordered), 1u);
  const Event done = consumer.record();
  EXPECT_TRUE(test::is_held(done));
  gate.release();
  EXPECT_EQ(result(), 5);

  test::Gate again(stream);
  peer->record(setting(6));
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait) << "its frontier has moved";
  EXPECT_EQ(peer->submits(), 2);
  again.release();
  EXPECT_EQ(result(), 6);
}

TEST_F(LazyPeer, EachCallThatCoversTheQueueAsksThePeerToSubmit) {
  peer->record(setting(3));
  static_cast<void>(stream.record());
  EXPECT_EQ(peer->submits(), 1);
  peer->record(setting(4));
  consumer.wait(stream);
  EXPECT_EQ(peer->submits(), 2);
  peer->record(setting(5));
  stream.synchronize();
  EXPECT_EQ(peer->submits(), 3);
  EXPECT_EQ(test::contents(data), std::vector<int>(count, 5));
}

TEST_F(LazyPeer, MayBeOneOfTwo) {
  const auto second = std::make_shared<test::LazyPeer>(native.get());
  stream.attach(second);
  test::Gate gate(stream);
  set(stream, 2);
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  second->record(setting(7));
  second->record(setting(8));
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  EXPECT_EQ(second->submits(), 1);
  // With one gone fewer pieces of work are known of: that does not prove the rest to be covered.
  stream.detach(*second);
  peer->record(setting(9));
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  gate.release();
  EXPECT_EQ(result(), 9);
}

TEST_F(LazyPeer, LatePeerStartsWithNothingCovered) {
  stream.detach(*peer);
  test::Gate gate(stream);
  set(stream, 2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  stream.attach(peer);
  peer->record(setting(5));
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  gate.release();
  EXPECT_EQ(result(), 5);
}

TEST_F(LazyPeer, DetachedPeerLeavesNothingCovered) {
  for (int i = 0; i < 1000; ++i) peer->record([](cl_command_queue) {});
  test::Gate gate(stream);
  set(stream, 2);
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  stream.detach(*peer);
  for (int value = 3; value < 5; ++value) {
    others_set(value);
    EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  }
  gate.release();
  EXPECT_EQ(result(), 4);
}

TEST_F(LazyPeer, PeerOfAStreamWithEarlierWorkIsAsked) {
  stream.detach(*peer);
  const Stream owned(context());
  const auto late = std::make_shared<test::LazyPeer>(owned.get());
  set(owned, 2);
  owned.attach(late);
  test::Gate gate(owned);
  late->record(setting(5));
  EXPECT_EQ(order_calls_during([&] { copy(consumer); }), one_wait);
  EXPECT_EQ(late->submits(), 1);
  gate.release();
  EXPECT_EQ(result(), 5);
}

}  // namespace
}  // namespace dovetail
