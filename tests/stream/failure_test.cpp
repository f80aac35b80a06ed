// SPDX-License-Identifier: Apache-2.0
// Commands that really fail: which calls report it, and that none hangs.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tests/stream/failed_streams.hpp"
#include "tests/support/synchronizing_threads.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::Failure;
using test::StreamFailure;

TEST_F(Failure, NamesTheStreamAndTheCommands) {
  const CommandError error = fail(producer);
  EXPECT_LT(error.code(), 0);
  expect_parts(error.what(), "[Event::synchronize]",
               "stream #" + std::to_string(producer.id()) + ", kernel 'set' (ticket 1)");
}

TEST_F(Failure, LoopOverIsDoneNoticesIt) {
  if (context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "NVIDIA's driver 580 may call a marker complete for a moment before it fails";
  }
  const Event event = fail_behind_a_gate(producer);
  EXPECT_TRUE(caught<CommandError>([&] {
    while (!event.is_done()) {
    }
  }));
  EXPECT_TRUE(caught<CommandError>([&] { producer.synchronize(); }));
}

TEST_F(Failure, WaitWithALimitNoticesIt) {
  const Event event = fail_behind_a_gate(producer);
  EXPECT_TRUE(caught<CommandError>([&] { event.synchronize(long_enough); }));
  EXPECT_TRUE(caught<CommandError>([&] { producer.synchronize(long_enough); }));
}

TEST_F(Failure, DependantNoticesIt) {
  const Event event = fail_behind_a_gate(producer);
  while (test::status_of(event) > CL_COMPLETE) {  // some drivers report it late
  }
  const auto noticed = caught<CommandError>([&] { consumer.wait(event); });
  ASSERT_TRUE(noticed);
  expect_parts(noticed->what(), "kernel 'set' (ticket 1)");
  EXPECT_TRUE(caught<CommandError>([&] { producer.synchronize(); }));
  set(consumer, out, 5);
  consumer.synchronize(long_enough);
}

TEST_F(Failure, MakesEveryLaterCallThrowTheOriginalStatus) {
  const CommandError error = fail(producer);
  const auto expect_refusal = [&](const auto& call) {
    const auto refused = caught<CommandError>(call);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), error.code());
    expect_parts(refused->what(), "kernel 'set' (ticket 1)");
  };
  const Point before = producer.point();
  expect_refusal([&] { set(producer, out, 3); });
  expect_refusal([&] { static_cast<void>(producer.record()); });
  expect_refusal([&] { producer.wait(consumer); });
  expect_refusal([&] { producer.wait(consumer.record()); });
  expect_refusal([&] { producer.synchronize(); });
  expect_refusal([&] { producer.synchronize(long_enough); });
  EXPECT_EQ(producer.point(), before);
  EXPECT_EQ(test::contents(out), std::vector<int>(count, -1));
}

TEST_F(Failure, RefusesWorkOfOtherStreamsThatDependsOnIt) {
  const CommandError error = fail(producer);
  const auto refused = caught<CommandError>([&] { copy(consumer, data, out); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), error.code());
  expect_parts(refused->what(), "kernel 'copy' depends on stream #", "kernel 'set' (ticket 1)");
  EXPECT_EQ(consumer.point().ticket, 0u) << "nothing was taken";

  set(consumer, out, 5);  // does not depend on it
  consumer.synchronize();
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
}

TEST_F(Failure, DoesNotConcernWorkThatWasDoneBefore) {
  set(producer, out, 5);
  producer.synchronize();
  static_cast<void>(fail(producer));
  const Buffer copied = test::buffer_of(std::vector<int>(count));
  copy(consumer, out, copied);
  consumer.synchronize();
  EXPECT_EQ(test::contents(copied), std::vector<int>(count, 5));
}

TEST_F(Failure, RefusesAWaitForItsStreamPointAndEvent) {
  const Event event = fail_behind_a_gate(producer);
  const CommandError error = caught<CommandError>([&] { event.synchronize(); }).value();
  const auto expect_refusal = [&](const auto& call) {
    const auto refused = caught<CommandError>(call);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), error.code());
    expect_parts(refused->what(), "kernel 'set' (ticket 1)");
  };
  expect_refusal([&] { consumer.wait(event); });
  expect_refusal([&] { consumer.wait(producer); });
  expect_refusal([&] { consumer.wait(producer.point()); });
  set(consumer, out, 5);
  consumer.synchronize(long_enough);
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
}

TEST_F(Failure, WaitingStreamInheritsIt) {
  gate.emplace(producer);
  set(producer, data, 2);
  copy(consumer, data, out);
  const Event end = consumer.record();
  gate->fail(CL_OUT_OF_RESOURCES);
  const auto inherited = caught<CommandError>([&] { end.synchronize(long_enough); });
  ASSERT_TRUE(inherited);
  expect_parts(inherited->what(), "stream #" + std::to_string(producer.id()),
               "kernel 'set' (ticket 1)");
  const auto original = caught<CommandError>([&] { producer.synchronize(); });
  ASSERT_TRUE(original);
  EXPECT_EQ(inherited->code(), original->code());
  EXPECT_EQ(test::contents(out), std::vector<int>(count, -1));
}

TEST_F(Failure, PassesThroughAThirdStream) {
  const Stream third(context());
  gate.emplace(producer);
  set(producer, data, 2);
  copy(consumer, data, out);
  copy(third, out, last);
  const Event end = third.record();
  gate->fail(CL_OUT_OF_RESOURCES);
  const auto inherited = caught<CommandError>([&] { end.synchronize(long_enough); });
  ASSERT_TRUE(inherited);
  expect_parts(inherited->what(), "stream #" + std::to_string(producer.id()),
               "kernel 'set' (ticket 1)");
}

TEST_F(Failure, NamesItsOriginAmongStreamsThatWaitForEachOther) {
  gate.emplace(producer);
  set(producer, data, 2);
  copy(consumer, data, out);  // waits for the producer
  copy(producer, out, data);  // waits for the consumer
  copy(consumer, data, out);  // waits for the producer again
  const Event first = producer.record(), second = consumer.record();
  gate->fail(CL_OUT_OF_RESOURCES);
  for (const Event& event : {second, first}) {
    const auto error = caught<CommandError>([&] { event.synchronize(long_enough); });
    ASSERT_TRUE(error);
    expect_parts(error->what(),
                 "a command on the stream failed: stream #" + std::to_string(producer.id()));
  }
}

TEST_F(StreamFailure, WaitForAFailedEventThrowsAndHoldsNothing) {
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  ASSERT_EQ(clSetUserEventStatus(user, CL_OUT_OF_RESOURCES), CL_SUCCESS);
  const auto error = caught<CommandError>([&] { consumer.wait(Event::retain(user)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), CL_OUT_OF_RESOURCES);
  set(consumer, out, 5);
  consumer.synchronize(long_enough);
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
  clReleaseEvent(user);
}

TEST_F(Failure, ForeignEventsFailureReachesItsWaiter) {
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  consumer.wait(Event::retain(user));
  copy(consumer, data, out);
  const Event end = consumer.record();
  ASSERT_EQ(clSetUserEventStatus(user, CL_OUT_OF_RESOURCES), CL_SUCCESS);
  EXPECT_TRUE(caught<CommandError>([&] { end.synchronize(long_enough); }));
  EXPECT_TRUE(caught<CommandError>([&] { copy(consumer, data, out); }));
  clReleaseEvent(user);
}

TEST_F(Failure, ReachesEveryThreadThatWaits) {
  constexpr int threads = 8;
  gate.emplace(producer);
  set(producer, data, 2);
  const Event event = producer.record();
  std::atomic<int> refused = 0;
  test::on_threads(threads + 1, [&](int index) {
    if (index == threads) {
      test::until_asked(producer, threads / 2, threads / 2 + 1);
      return gate->fail(CL_OUT_OF_RESOURCES);
    }
    try {
      if (index % 2 == 0) {
        producer.synchronize();
      } else {
        event.synchronize();
      }
    } catch (const CommandError& error) {
      ++refused;
      expect_parts(error.what(), "kernel 'set' (ticket 1)");
    }
  });
  EXPECT_EQ(refused, threads);
}

}  // namespace
}  // namespace dovetail
