// SPDX-License-Identifier: Apache-2.0
// The last handle to a stream goes while single calls of the driver fail: process and context stay
// usable.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/fault.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::CommandFault;
using test::context;
using test::expect_parts;
using test::expect_throws;
using test::Fault;
using test::Gate;
using test::text_thrown;

class FaultyStreamEnd : public test::OrderedWork<test::FaultTest> {
 protected:
  static void do_undeclared_work(const Stream& stream) {
    with_queue(stream, "anything", [](cl_command_queue) {});
  }

  const Stream stream{context()};
  const Buffer data = test::buffer_of(all(1));
};

TEST_F(FaultyStreamEnd, UnreadableStatusDoesNotEndTheProcess) {
  for (const std::uint64_t skip : {0u, 1u, 2u}) {
    std::optional<Stream> ends(context());
    const Gate gate(*ends);
    set(*ends, data, 5);
    const Fault fault("clGetEventInfo", {.skip = skip});
    ends.reset();
    { const Stream another(context()); }
  }
  grow(stream, data);
  stream.synchronize();
  EXPECT_EQ(test::contents(data), all(11));
}

TEST_F(FaultyStreamEnd, WaitForAGoneStreamLeavesItsQueueAlone) {
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  {
    const Stream ends(context());
    // A Gate would keep the queue.
    ASSERT_EQ(clEnqueueBarrierWithWaitList(ends.get(), 1, &user, nullptr), CL_SUCCESS);
    set(ends, data, 5);
  }
  EXPECT_NO_THROW(grow(stream, data));
  ASSERT_EQ(clSetUserEventStatus(user, CL_COMPLETE), CL_SUCCESS);
  clReleaseEvent(user);
  EXPECT_NO_THROW(stream.synchronize());
  EXPECT_EQ(test::contents(data), all(11));
}

/// The parameter says whether the event is retained after its queue was released.
class ForeignEvent : public FaultyStreamEnd, public testing::WithParamInterface<bool> {};

TEST_P(ForeignEvent, HoldsItsWaiterAfterItsQueueWasReleased) {
  auto native = std::make_unique<test::NativeQueue>(context());
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  cl_event done = nullptr;
  ASSERT_EQ(clEnqueueMarkerWithWaitList(native->get(), 1, &user, &done), CL_SUCCESS);
  std::optional<Event> event;
  if (!GetParam()) event = Event::retain(done);
  native.reset();
  if (GetParam()) event = Event::retain(done);
  EXPECT_NO_THROW(stream.wait(*event));
  EXPECT_FALSE(event->is_done());
  set(stream, data, 5);
  EXPECT_TRUE(test::is_held(stream.record()));
  ASSERT_EQ(clSetUserEventStatus(user, CL_COMPLETE), CL_SUCCESS);
  EXPECT_NO_THROW(stream.synchronize());
  clReleaseEvent(done);
  clReleaseEvent(user);
}
INSTANTIATE_TEST_SUITE_P(Retained, ForeignEvent, testing::Bool(), [](const auto& instance) {
  return instance.param ? "after_release" : "before_release";
});

/// The parameter says how often the last marker fails: the library tries again, then waits for the
/// work.
class FaultyLastMarker : public FaultyStreamEnd, public testing::WithParamInterface<int> {};

TEST_P(FaultyLastMarker, LeavesTheMemoryAndTheContextUsable) {
  std::optional<Stream> ends(context());
  set(*ends, data, 5);
  {
    const Fault fault("clEnqueueMarkerWithWaitList",
                      {.count = static_cast<std::uint64_t>(GetParam())});
    ends.reset();
    EXPECT_GE(fault.fired(), 1u);
  }
  EXPECT_NO_THROW(do_undeclared_work(stream));
  EXPECT_NO_THROW(grow(stream, data));
  EXPECT_NO_THROW(stream.synchronize());
  EXPECT_EQ(test::contents(data), all(11));
}
INSTANTIATE_TEST_SUITE_P(Failures, FaultyLastMarker, testing::Values(1, 2, 1000),
                         [](const auto& instance) { return std::to_string(instance.param); });

/// Throws from submit().
class StubbornPeer : public test::LazyPeer {
 public:
  using LazyPeer::LazyPeer;
  void submit() override { throw std::runtime_error("not now"); }
};

TEST_F(FaultyStreamEnd, WorkThatAPeerHoldsBackCountsAsUnfinished) {
  const test::NativeQueue queue(context());
  const auto peer = std::make_shared<StubbornPeer>(queue.get());
  Point point;
  {
    const Stream shared = Stream::retain(context(), queue.get());
    shared.attach(std::make_shared<test::LazyPeer>(queue.get()));
    with_queue(shared, {{writes(data)}}, "held back", [](cl_command_queue) {});
    peer->record([](cl_command_queue) {});
    shared.attach(peer);
    point = shared.point();
  }
  expect_throws<Error>([&] { grow(stream, data); }, "not now");
  Stream::declare_done(point);
}

TEST_F(FaultyStreamEnd, DeclareDoneEndsAQueueThatCannotBeMarked) {
  std::optional<Stream> ends(context());
  set(*ends, data, 5);
  const Point point = ends->point();
  {
    const Fault marks("clEnqueueMarkerWithWaitList", {.count = 1000});
    const Fault finishes("clFinish", {.count = 1000});
    ends.reset();
  }
  const std::string text = text_thrown<Error>([&] { grow(stream, data); });
  expect_parts(text, "refused to mark", "Stream::declare_done");
  EXPECT_EQ(text.find("borrowed"), std::string::npos) << text;
  while (test::contents(data) != all(5)) {
  }
  Stream::declare_done(point);
  EXPECT_NO_THROW(do_undeclared_work(stream));
  EXPECT_NO_THROW(grow(stream, data));
  EXPECT_NO_THROW(stream.synchronize());
  EXPECT_EQ(test::contents(data), all(11));
}

/// The last marker of a stream that is gone reports that its work failed.
class FaultyFailedEnd : public FaultyStreamEnd {
 protected:
  void SetUp() override {
    FaultyStreamEnd::SetUp();
    if (IsSkipped()) return;
    std::optional<Stream> ends(context());
    Gate gate(*ends);
    set(*ends, data, 5);
    ends.reset();
    fault.emplace(test::FaultOptions{.count = 1000});
    { const Stream another(context()); }  // the first call that looks notices
    ASSERT_GE(fault->fired(), 1u);
    gate.release();
    while (test::contents(data) != all(5)) {  // the work itself succeeds
    }
  }

  std::optional<CommandFault> fault;
};

TEST_F(FaultyFailedEnd, RefusesReadsUntilTheMemoryIsWrittenAnew) {
  fault.reset();
  const auto refused = caught<CommandError>([&] { grow(stream, data); });
  ASSERT_TRUE(refused);
  expect_parts(refused->what(), "kernel 'set' (ticket 1)");
  EXPECT_NO_THROW(set(stream, data, 7));
  EXPECT_NO_THROW(grow(stream, data));
  EXPECT_NO_THROW(stream.synchronize());
  EXPECT_EQ(test::contents(data), all(15));
}

TEST_F(FaultyFailedEnd, LeavesUndeclaredWorkAlone) {
  EXPECT_NO_THROW(do_undeclared_work(stream));
  fault.reset();
  EXPECT_NO_THROW(stream.synchronize());
}

TEST_F(FaultyStreamEnd, GoneStreamsUndeclaredFailureThrowsOnce) {
  {
    std::optional<Stream> ends(context());
    Gate gate(*ends);
    do_undeclared_work(*ends);
    ends.reset();
    const CommandFault fault({.count = 1000});
    { const Stream another(context()); }
    ASSERT_GE(fault.fired(), 1u);
    gate.release();
  }
  EXPECT_TRUE(caught<CommandError>([&] { grow(stream, data); }));
  EXPECT_NO_THROW(grow(stream, data));
  EXPECT_NO_THROW(do_undeclared_work(stream));
  EXPECT_NO_THROW(stream.synchronize());
  EXPECT_EQ(test::contents(data), all(3));
}

}  // namespace
}  // namespace dovetail
