// SPDX-License-Identifier: Apache-2.0
// Waits with a limit end on time and report who waits for whom.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/synchronizing_threads.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using namespace std::chrono_literals;
using test::caught;
using test::context;
using test::expect_parts;
using test::expect_throws;
using test::Gate;
using test::text_thrown;

class TimeOut : public test::OrderedWork<testing::Test> {
 protected:
  /// Makes the consumer wait for work of the producer.
  void hold_both() {
    set(producer, data, 2);
    grow(consumer, data);
  }
  static std::string name(const Stream& stream) { return "stream #" + std::to_string(stream.id()); }

  const Buffer data = test::buffer_of(all(1));
  const Stream producer{context()};
  const Stream consumer{context()};
};

TEST_F(TimeOut, SynchronizeForTimesOutAndNamesWhoWaitsForWhom) {
  Gate gate(producer);
  hold_both();
  const auto start = std::chrono::steady_clock::now();
  const std::string text = text_thrown<TimedOut>([&] { consumer.synchronize(30ms); });
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_GE(taken, 30ms);
  EXPECT_LT(taken, 10s);
  expect_parts(text, "[Stream::synchronize] " + name(consumer) + " was not done",
               name(producer) +
                   " (owned): given 1, of which 0 are known to be done; since then "
                   "kernel 'set' (ticket 1)",
               name(consumer) +
                   " (owned): given 1, of which 0 are known to be done; since then "
                   "kernel 'grow' (ticket 1)",
               "from ticket 1 on it waits for " + name(producer) + " up to ticket 1");

  gate.release();  // the work goes on
  consumer.synchronize(60s);
  EXPECT_EQ(test::contents(data), all(5));
}

TEST_F(TimeOut, EventTimesOutAndNamesWhoWaitsForWhom) {
  Gate gate(producer);
  hold_both();
  const Event event = consumer.record();
  const auto start = std::chrono::steady_clock::now();
  const std::string text = text_thrown<TimedOut>([&] { event.synchronize(30ms); });
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_GE(taken, 30ms);
  EXPECT_LT(taken, 10s);
  expect_parts(text, "[Event::synchronize]", name(consumer),
               "waits for " + name(producer) + " up to ticket 1");
  gate.release();
  event.synchronize(60s);
  EXPECT_TRUE(event.is_done());
}

TEST_F(TimeOut, ForeignEventTimesOutToo) {
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  const Event event = Event::retain(user);
  expect_throws<TimedOut>([&] { event.synchronize(1ms); }, "the event was not done");
  consumer.wait(event);
  expect_throws<TimedOut>([&] { consumer.synchronize(1ms); },
                          "it waits for an event of somebody else");
  ASSERT_EQ(clSetUserEventStatus(user, CL_COMPLETE), CL_SUCCESS);
  event.synchronize(60s);
  consumer.synchronize(60s);
  clReleaseEvent(user);
}

TEST_F(TimeOut, OneThreadsTimeOutDoesNotEndAnothersWait) {
  Gate gate(producer);
  hold_both();
  const Event event = consumer.record();
  std::atomic<int> timed_out = 0;
  test::on_threads(5, [&](int index) {
    if (index == 4) {
      test::until_asked(consumer, 2, 1);
      while (timed_out < 2) std::this_thread::yield();
      return gate.release();
    }
    const auto wait = [&](auto... limit) {
      if constexpr (sizeof...(limit) == 0) {
        index < 2 ? consumer.synchronize() : event.synchronize();
      } else {
        index < 2 ? consumer.synchronize(limit...) : event.synchronize(limit...);
      }
    };
    if (index % 2 == 0) return wait();
    EXPECT_TRUE(caught<TimedOut>([&] { wait(20ms); }));
    ++timed_out;
  });
  EXPECT_TRUE(event.is_done());
}

// Throws TimedOut if a limit of zero is compared with the clock before the event is asked.
TEST_F(TimeOut, FinishedWorkNeverTimesOut) {
  hold_both();
  const Event event = consumer.record();
  event.synchronize();
  EXPECT_NO_THROW(event.synchronize(0ns));
  EXPECT_NO_THROW(consumer.synchronize(60s));
}

TEST_F(TimeOut, RefusesNegativeLimits) {
  const Event event = producer.record();
  expect_throws<InvalidArgument>([&] { producer.synchronize(-1ns); },
                                 "[Stream::synchronize] a limit of -1 ns; give 0 or more.");
  expect_throws<InvalidArgument>([&] { event.synchronize(-1ns); },
                                 "[Event::synchronize] a limit of -1 ns; give 0 or more.");
  expect_throws<InvalidArgument>([&] { producer.reset(-1ns); },
                                 "[Stream::reset] a limit of -1 ns; give 0 or more.");
}

TEST_F(TimeOut, LongestLimitDoesNotTimeOutAtOnce) {
  Gate gate(producer);
  const Event event = producer.record();
  test::on_threads(3, [&](int index) {
    if (index == 0) return event.synchronize(std::chrono::nanoseconds::max());
    if (index == 1) return producer.synchronize(std::chrono::nanoseconds::max());
    test::until_asked(producer, 1, 2);
    EXPECT_TRUE(test::is_held(event));
    gate.release();
  });
}

}  // namespace
}  // namespace dovetail
