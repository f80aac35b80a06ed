// SPDX-License-Identifier: Apache-2.0
// Commands that really fail: which calls report it, that none hangs, and that work goes on after
// reset().
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <latch>
#include <optional>
#include <thread>
#include <variant>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/synchronizing_threads.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::Gate;
using test::text_thrown;

constexpr std::size_t count = 64;
constexpr std::chrono::seconds long_enough(60);

class StreamFailure : public testing::Test {
 protected:
  void set(const Stream& stream, const Buffer& buffer, int value) {
    set_kernel.launch(stream, NDRange({count}), writes(buffer), value, own());
  }
  void copy(const Stream& stream, const Buffer& from, const Buffer& to) {
    copy_kernel.launch(stream, NDRange({count}), reads(from), writes(to), own());
  }
  /// Enqueues a command that fails on `stream`, then a kernel that writes `data`. No call notices
  /// the failure here. Returns an event after both, whose wait notices it.
  Event fail_behind_a_gate(const Stream& stream) {
    const Event event = work_behind_a_gate(stream);
    gate->fail(CL_OUT_OF_RESOURCES);
    return event;
  }
  Event work_behind_a_gate(const Stream& stream) {
    gate.emplace(stream);
    set(stream, data, 2);
    return stream.record();
  }
  /// Fails `stream` as `fail_behind_a_gate` does and waits until that is noticed. Returns the error
  /// that every later call must throw.
  CommandError fail(const Stream& stream) {
    const Event event = fail_behind_a_gate(stream);
    return caught<CommandError>([&] { event.synchronize(); }).value();
  }

  const Buffer data = test::buffer_of(std::vector<int>(count, 1));
  const Buffer out = test::buffer_of(std::vector<int>(count, -1));
  const Buffer last = test::buffer_of(std::vector<int>(count, -1));
  std::optional<Gate> gate;
  const Stream producer{context()};
  const Stream consumer{context()};

 private:
  /// Returns a buffer that no other kernel uses. PoCL 3.1 aborts when a command fails whose event
  /// nobody keeps; a buffer keeps the event of the last command that used it.
  const Buffer& own() { return owns.emplace_back(context(), sizeof(int)); }

  const Kernel set_kernel = test::kernel_from(
      "kernel void set(global int* data, int value, global int* own) {\n"
      "  data[get_global_id(0)] = value;\n"
      "}\n",
      "set");
  const Kernel copy_kernel = test::kernel_from(
      "kernel void copy(global const int* from, global int* to, global int* own) {\n"
      "  to[get_global_id(0)] = from[get_global_id(0)];\n"
      "}\n",
      "copy");
  std::deque<Buffer> owns;
};

/// Needs a driver that fails commands which wait for a failed one.
class Failure : public StreamFailure {
 protected:
  void SetUp() override { DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE(); }
};

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
  EXPECT_TRUE(caught<CommandError>([&] { event.synchronize_for(long_enough); }));
  EXPECT_TRUE(caught<CommandError>([&] { producer.synchronize_for(long_enough); }));
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
  consumer.synchronize_for(long_enough);
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
  expect_refusal([&] { producer.synchronize_for(long_enough); });
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
  consumer.synchronize_for(long_enough);
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
}

TEST_F(Failure, WaitingStreamInheritsIt) {
  gate.emplace(producer);
  set(producer, data, 2);
  copy(consumer, data, out);
  const Event end = consumer.record();
  gate->fail(CL_OUT_OF_RESOURCES);
  const auto inherited = caught<CommandError>([&] { end.synchronize_for(long_enough); });
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
  const auto inherited = caught<CommandError>([&] { end.synchronize_for(long_enough); });
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
    const auto error = caught<CommandError>([&] { event.synchronize_for(long_enough); });
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
  consumer.synchronize_for(long_enough);
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
  clReleaseEvent(user);
}

TEST_F(Failure, ForeignEventsFailureReachesItsWaiter) {
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  consumer.wait(Event::retain(user));
  copy(consumer, data, out);
  const Event end = consumer.record();
  ASSERT_EQ(clSetUserEventStatus(user, CL_OUT_OF_RESOURCES), CL_SUCCESS);
  EXPECT_TRUE(caught<CommandError>([&] { end.synchronize_for(long_enough); }));
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

TEST_F(Failure, OutlivesItsStream) {
  std::optional<Stream> gone(std::in_place, context());
  const CommandError error = fail(*gone);
  gate.reset();
  gone.reset();
  const Stream unconcerned(context());  // makes the registry forget what is done
  const auto refused = caught<CommandError>([&] { copy(consumer, data, out); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), error.code());
  EXPECT_EQ(consumer.statistics().commands, 0u);
  set(consumer, out, 5);
  consumer.synchronize();
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 5));
}

TEST_F(Failure, RefusesEachWaitForAStreamThatIsGone) {
  std::optional<Stream> gone(std::in_place, context());
  static_cast<void>(fail(*gone));
  const Point point = gone->point();
  gate.reset();
  gone.reset();
  const Stream unconcerned(context());
  for (int i = 0; i < 3; ++i) {
    const Stream waits(context());
    EXPECT_TRUE(caught<CommandError>([&] { waits.wait(point); })) << i;
    EXPECT_TRUE(caught<CommandError>([&] { consumer.wait(point); })) << i;
    consumer.reset();
  }
}

TEST_F(Failure, DeclareDoneOfABorrowedQueueAllowsNewWrites) {
  const test::NativeQueue native(context());
  std::optional<Stream> borrowed(Stream::borrow(context(), native.get()));
  static_cast<void>(fail(*borrowed));
  const Point point = borrowed->point();
  gate.reset();
  borrowed.reset();
  Stream::declare_done(point);
  set(consumer, data, 5);
  consumer.synchronize();
  EXPECT_EQ(test::contents(data), std::vector<int>(count, 5));
}

TEST_F(Failure, EndsWithReset) {
  static_cast<void>(fail(producer));
  producer.reset();
  set(producer, data, 7);
  copy(consumer, data, out);
  consumer.synchronize();
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 7));
  producer.synchronize();
}

TEST_F(Failure, NamesTheNewCommandAfterReset) {
  static_cast<void>(fail(producer));
  producer.reset();
  expect_parts(fail(producer).what(), "kernel 'set' (ticket 2)");
  EXPECT_TRUE(caught<CommandError>([&] { set(producer, out, 3); }));
}

TEST_F(Failure, InheritedOneEndsAfterResetOfBothStreams) {
  gate.emplace(producer);
  set(producer, data, 2);
  copy(consumer, data, out);
  const Event end = consumer.record();
  gate->fail(CL_OUT_OF_RESOURCES);
  EXPECT_TRUE(caught<CommandError>([&] { end.synchronize(); }));
  consumer.reset();
  EXPECT_TRUE(caught<CommandError>([&] { copy(consumer, data, out); }))
      << "the source is not reset";
  set(consumer, last, 6);
  producer.reset();
  set(producer, data, 7);
  copy(consumer, data, out);
  consumer.synchronize();
  EXPECT_EQ(test::contents(last), std::vector<int>(count, 6));
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 7));
  producer.synchronize();
}

TEST_F(StreamFailure, TimeoutOfOneWaitEndsNoOther) {
  Gate held(producer);
  std::atomic<int> returned = 0;
  test::on_threads(6, [&](int) {
    for (int i = 0; i < 200; ++i) {
      if (!caught<TimedOut>([&] { producer.synchronize_for(std::chrono::microseconds(200)); })) {
        ++returned;
      }
    }
  });
  EXPECT_EQ(returned, 0) << "the queue is held";
}

TEST_F(Failure, ResetSparesWorkThatAnotherThreadEnqueuesMeanwhile) {
  const Event failed = work_behind_a_gate(producer);
  std::latch is_inside(1), is_reset_waiting(1);
  std::optional<Gate> late;
  std::thread other([&] {
    with_queue(producer, {{writes(out)}}, "late", [&](cl_command_queue queue) {
      is_inside.count_down();
      is_reset_waiting.wait();
      late.emplace(producer);
      const int value = 7;
      EXPECT_EQ(clEnqueueFillBuffer(queue, out.get(), &value, sizeof(value), 0, out.nbytes(), 0,
                                    nullptr, nullptr),
                CL_SUCCESS);
    });
  });
  is_inside.wait();
  gate->fail(CL_OUT_OF_RESOURCES);
  EXPECT_TRUE(caught<CommandError>([&] { failed.synchronize(); }));
  Gate held(producer);
  OrderRecorder recorder;
  std::thread resets([&] { producer.reset(long_enough); });
  const auto is_marker = [](const OrderEntry& entry) {
    return std::holds_alternative<MarkerEntry>(entry);
  };
  while (!std::ranges::any_of(recorder.take(), is_marker)) std::this_thread::yield();
  is_reset_waiting.count_down();
  other.join();
  held.release();
  resets.join();
  copy(consumer, out, last);
  EXPECT_TRUE(test::is_held(consumer.record())) << "the late work counts as done";
  late->release();
  consumer.synchronize();
  EXPECT_EQ(test::contents(last), std::vector<int>(count, 7));
}

TEST_F(StreamFailure, ResetOfAHealthyStreamDoesNotWait) {
  Gate held(producer);
  set(producer, data, 7);
  producer.reset(std::chrono::nanoseconds(0));  // would not return, or throw, if it waited
  EXPECT_EQ(producer.statistics().host_waits, 0u);
  copy(consumer, data, out);
  EXPECT_TRUE(test::is_held(consumer.record()));
  held.release();
  consumer.synchronize();
  EXPECT_EQ(test::contents(out), std::vector<int>(count, 7));
}

}  // namespace
}  // namespace dovetail
