// SPDX-License-Identifier: Apache-2.0
// Peers that break their contract cause an error, never a deadlock and never work out of order.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;
using test::text_thrown;

/// Holds back one command. `submit()` calls the test's function.
class OddPeer : public Peer {
 public:
  std::string_view name() const noexcept override { return "odd"; }
  PeerFrontiers frontiers() const noexcept override { return now; }
  void submit() override { at_submit(); }

  PeerFrontiers now{.recorded = 1};
  std::function<void()> at_submit = [] {};
};

class PeerTest : public test::OrderedWork<testing::Test> {
 protected:
  PeerTest() { stream.attach(peer); }
  void TearDown() override {
    peer->now.enqueued = peer->now.recorded;
    stream.synchronize();
    consumer.synchronize();
  }

  const Buffer data = test::buffer_of(all(1));
  const Buffer other = test::buffer_of(all(1));
  const std::shared_ptr<OddPeer> peer = std::make_shared<OddPeer>();
  const Stream stream{context()};
  const Stream consumer{context()};
};

TEST_F(PeerTest, MissingSubmitThrowsBeforeAnythingIsEnqueued) {
  expect_throws<Error>([&] { set(stream, data, 2); }, "[Peer::submit] 'odd'",
                       "had recorded 1 and has enqueued 0");
  expect_throws<Error>([&] { static_cast<void>(stream.record()); }, "[Peer::submit]");
  expect_throws<Error>([&] { stream.synchronize(); }, "[Peer::submit]");
  expect_throws<Error>([&] { consumer.wait(stream); }, "[Peer::submit]");
  EXPECT_EQ(stream.point().ticket, 0u);
  peer->now.enqueued = 1;
  set(stream, data, 2);
  stream.synchronize();
  EXPECT_EQ(test::contents(data), all(2));
}

TEST_F(PeerTest, ThrowingSubmitLeavesTheStreamUsable) {
  peer->at_submit = [] { throw std::logic_error("not now"); };
  EXPECT_EQ(text_thrown<std::logic_error>([&] { set(stream, data, 2); }), "not now");
  EXPECT_EQ(text_thrown<std::logic_error>([&] { stream.synchronize(); }), "not now");
  EXPECT_EQ(stream.point().ticket, 0u);
  peer->at_submit = [&] { peer->now.enqueued = 1; };
  set(stream, data, 2);
  stream.synchronize();
  EXPECT_EQ(test::contents(data), all(2));
}

TEST_F(PeerTest, ThrowingSubmitFailsTheDependentStream) {
  peer->now.enqueued = 1;
  set(stream, data, 2);
  peer->now.recorded = 2;
  peer->at_submit = [] { throw std::logic_error("not now"); };
  EXPECT_EQ(text_thrown<std::logic_error>([&] { set(consumer, data, 3); }), "not now");
  EXPECT_EQ(text_thrown<std::logic_error>([&] { stream.detach(*peer); }), "not now");
  stream.synchronize();
  EXPECT_EQ(test::contents(data), all(2));
  // The order was broken, so dependent work throws until the consumer is reset.
  expect_throws<CommandError>([&] { set(consumer, other, 3); }, "not now");
  consumer.reset();
  set(consumer, data, 4);
  consumer.synchronize();
  EXPECT_EQ(test::contents(data), all(4));
}

TEST_F(PeerTest, ThrownIntFailsTheDependentStreamToo) {
  peer->now.enqueued = 1;
  set(stream, data, 2);
  peer->now.recorded = 2;
  peer->at_submit = [] { throw 42; };
  EXPECT_THROW(set(consumer, data, 3), int);
  ASSERT_EQ(consumer.point().ticket, 1u);  // else its dependants wait for ever
  peer->now.enqueued = 2;
  expect_throws<CommandError>([&] { set(stream, data, 4); }, "depends on stream #");
  consumer.reset();
  set(stream, data, 4);
  stream.synchronize();
  EXPECT_EQ(test::contents(data), all(4));
}

TEST_F(PeerTest, ReportsAThrownIntAtTheEndOfItsStream) {
  const auto last = std::make_shared<OddPeer>();
  last->at_submit = [] { throw 42; };
  testing::internal::CaptureStderr();
  {
    const Stream ending(context());
    set(ending, data, 2);
    ending.attach(last);
  }
  test::expect_parts(testing::internal::GetCapturedStderr(), "goes without a last marker",
                     "an exception of another type");
}

TEST_F(PeerTest, SubmitThatEnqueuesOnAStreamThrows) {
  for (const Stream* target : {&stream, &consumer}) {
    peer->at_submit = [&] { set(*target, other, 5); };
    expect_throws<Error>([&] { set(stream, data, 2); },
                         "this thread is giving work to stream #" + std::to_string(stream.id()),
                         "gives work to stream #" + std::to_string(target->id()), "Peer::submit");
  }
  peer->at_submit = [&] { consumer.wait(stream); };
  expect_throws<Error>([&] { set(stream, data, 2); }, "Peer::submit");
  peer->at_submit = [&] { peer->now.enqueued = 1; };
  set(stream, data, 2);
  set(consumer, other, 3);
}

TEST_F(PeerTest, SubmitThatEnqueuesThrowsOutsideALaunchToo) {
  peer->at_submit = [&] { set(stream, other, 5); };
  expect_throws<Error>([&] { static_cast<void>(stream.record()); }, "Peer::submit");
  expect_throws<Error>([&] { stream.synchronize(); }, "Peer::submit");
}

TEST_F(PeerTest, AttachesOnceAndDetachesOnce) {
  expect_throws<InvalidArgument>([&] { stream.attach(peer); }, "[Stream::attach] 'odd'", "already");
  expect_throws<InvalidArgument>([&] { stream.attach(nullptr); }, "null");
  expect_throws<InvalidArgument>([&] { consumer.detach(*peer); },
                                 "[Stream::detach] 'odd' is not attached");
  EXPECT_THROW(stream.detach(*peer), Error);  // as it does not submit
  set(stream, data, 2);                       // the launch no longer calls its submit()
  stream.synchronize();
  stream.attach(peer);
}

TEST_F(PeerTest, DetachSubmitsWhatItHoldsBack) {
  bool has_submitted = false;
  peer->at_submit = [&] {
    has_submitted = true;
    peer->now.enqueued = peer->now.recorded;
  };
  stream.detach(*peer);
  EXPECT_TRUE(has_submitted);
}

TEST_F(PeerTest, DetachSubmitsThoughAnotherPeerThrows) {
  const auto leaving = std::make_shared<OddPeer>();
  leaving->at_submit = [&] { leaving->now.enqueued = leaving->now.recorded; };
  stream.attach(leaving);
  peer->at_submit = [] { throw std::logic_error("not now"); };
  EXPECT_NO_THROW(stream.detach(*leaving));
  EXPECT_EQ(leaving->now.enqueued, 1u);
}

}  // namespace
}  // namespace dovetail
