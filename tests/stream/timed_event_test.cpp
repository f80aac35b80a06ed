// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/timed_event.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <type_traits>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using std::chrono::nanoseconds;
using test::context;
using test::expect_parts;
using test::expect_throws;
using test::Gate;

/// A kernel that takes `steps` of about a nanosecond in each of `groups` work-groups.
struct Work {
  std::size_t groups = 1;
  int steps = 0;

  void give_to(const Stream& stream) const {
    static const Kernel kernel = test::kernel_from(
        "kernel void busy(global float* x, int steps) {\n"
        "  float y = x[get_global_id(0)];\n"
        "  for (int i = 0; i < steps; ++i) y = y * 0.999f + 1.0f;\n"
        "  x[get_global_id(0)] = y;\n"
        "}\n",
        "busy");
    kernel.launch(stream, NDRange({groups}, {1}), Buffer(context(), groups * sizeof(float)), steps);
  }
};

nanoseconds elapsed_over(const Stream& stream, const Work& work) {
  const TimedEvent start = stream.record_timed();
  work.give_to(stream);
  const TimedEvent end = stream.record_timed();
  return end - start;
}

/// Returns the shortest of five times, which other load on the machine disturbs least.
nanoseconds least_over(const Stream& stream, const Work& work) {
  work.give_to(stream);  // some drivers compile at the first run
  nanoseconds least = nanoseconds::max();
  for (int i = 0; i < 5; ++i) least = std::min(least, elapsed_over(stream, work));
  return least;
}

/// Runs on a queue without profiling and on one with profiling.
class AnyTimedEvent : public testing::TestWithParam<bool> {
 protected:
  const Stream stream{context(), {.profiling = GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Queues, AnyTimedEvent, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "Profiled" : "Unprofiled";
});

TEST_P(AnyTimedEvent, DifferencesGrowWithTheWorkBetween) {
  const nanoseconds little = least_over(stream, {.steps = 200'000});
  const nanoseconds much = least_over(stream, {.steps = 2'000'000});
  EXPECT_GT(little.count(), 0);
  EXPECT_GT(much.count(), 3 * little.count());
}

TEST_P(AnyTimedEvent, DifferenceIsSignedAndExact) {
  const TimedEvent start = stream.record_timed();
  Work{.steps = 100'000}.give_to(stream);
  const TimedEvent end = stream.record_timed();
  static_assert(std::is_same_v<decltype(end - start), nanoseconds>);
  EXPECT_GT((end - start).count(), 0);
  EXPECT_EQ((start - end).count(), -(end - start).count());
  EXPECT_EQ((end - end).count(), 0);
  const TimedEvent same = end;
  EXPECT_EQ((same - end).count(), 0);
}

TEST_P(AnyTimedEvent, CompletesAndOrdersAsAnEvent) {
  const Stream other(context());
  Gate gate(stream);
  const TimedEvent event = stream.record_timed();  // and the host is not held here
  EXPECT_FALSE(event.is_done());
  other.wait(event);
  const Event after = other.record();
  EXPECT_FALSE(after.is_done());
  gate.release();
  after.synchronize();
  EXPECT_TRUE(event.is_done());
}

TEST_P(AnyTimedEvent, DoesNotWaitForThePointsOfOtherStreams) {
  const Stream held(context(), {.profiling = GetParam()});
  Gate gate(held);
  const TimedEvent pending = held.record_timed();
  EXPECT_GT(elapsed_over(stream, {.steps = 1000}).count(), 0);
  EXPECT_FALSE(pending.is_done());
}

TEST_P(AnyTimedEvent, ComparesWithOneOfTheOtherKindOfQueue) {
  const Stream other(context(), {.profiling = !GetParam()});
  const nanoseconds little = least_over(stream, {.steps = 20'000});
  const TimedEvent start = stream.record_timed();
  Work{.steps = 2'000'000}.give_to(stream);
  other.wait(stream.record());
  const TimedEvent end = other.record_timed();
  EXPECT_GT((end - start).count(), little.count());
}

TEST_P(AnyTimedEvent, ReportsThatACommandBeforeItFailed) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const TimedEvent before = stream.record_timed();
  stream.synchronize();  // PoCL 3.1 may abort when a command fails behind one that still runs
  Gate gate(stream);
  const TimedEvent failed = stream.record_timed();
  gate.fail(CL_OUT_OF_RESOURCES);
  for (int i = 0; i < 2; ++i) {
    const auto error = test::caught<CommandError>([&] { static_cast<void>(failed - before); });
    ASSERT_TRUE(error);
    EXPECT_LT(error->code(), 0);
    expect_parts(error->what(), "a command on the stream failed");
  }
  EXPECT_THROW(failed.synchronize(), OpenCLError);
}

TEST_P(AnyTimedEvent, MeasuresAgainAfterAFailure) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  Gate gate(stream);
  const TimedEvent failed = stream.record_timed();
  gate.fail(CL_OUT_OF_RESOURCES);
  EXPECT_THROW(failed.synchronize(), OpenCLError);
  try {
    EXPECT_GT(elapsed_over(stream, {.steps = 1000}).count(), 0);
  } catch (const OpenCLError&) {  // a driver may let a queue fail for good, but not hang
  }
}

TEST_P(AnyTimedEvent, OutlivesItsStreamAndAnEarlierDestroyedOne) {
  std::optional<Stream> gone(std::in_place, context(), StreamOptions{.profiling = GetParam()});
  const TimedEvent start = gone->record_timed();
  {
    Gate gate(*gone);
    static_cast<void>(gone->record_timed());
    gate.release();
  }
  const TimedEvent end = gone->record_timed();
  gone.reset();
  EXPECT_GT((end - start).count(), 0);
}

TEST_P(AnyTimedEvent, ManyThreadsMeasureOnOneStream) {
  test::on_threads(8, [&](int) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_GT(elapsed_over(stream, {.steps = 1000}).count(), 0);
    }
  });
}

TEST_P(AnyTimedEvent, WorksOnABorrowedQueue) {
  const test::NativeQueue native(
      context(), GetParam() ? static_cast<cl_queue_properties>(CL_QUEUE_PROFILING_ENABLE) : 0);
  const Stream borrowed = Stream::borrow(context(), native.get());
  EXPECT_GT(elapsed_over(borrowed, {.steps = 1000}).count(), 0);
}

TEST(TimedEvent, AgreesBetweenQueuesWithAndWithoutProfiling) {
  const Stream with(context(), {.profiling = true});
  const Stream without(context());
  for (const Work& work : {Work{.steps = 2'000'000}, Work{.groups = 64, .steps = 50'000}}) {
    nanoseconds expected = nanoseconds::max(), got = expected;
    for (int i = 0; i < 4; ++i) {  // in turns, as a busy machine changes its pace
      expected = std::min(expected, least_over(with, work));
      got = std::min(got, least_over(without, work));
    }
    EXPECT_GT(got.count(), expected.count() / 5) << work.groups << " work-groups";
    EXPECT_LT(got.count(), expected.count() * 5) << work.groups << " work-groups";
  }
}

TEST(TimedEvent, DifferenceRefusesAnotherDevice) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const Stream a{Context(first)}, b{Context(second)};
    const TimedEvent start = a.record_timed();
    const TimedEvent end = b.record_timed();
    expect_throws<InvalidArgument>([&] { static_cast<void>(end - start); },
                                   "[TimedEvent::operator-]", "'" + first.name() + "'",
                                   "'" + second.name() + "'", "take both times on one device");
  });
}

}  // namespace
}  // namespace dovetail
