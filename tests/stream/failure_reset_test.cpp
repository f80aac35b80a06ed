// SPDX-License-Identifier: Apache-2.0
// What is left of a failed stream: that it may be gone, and that work goes on after reset().
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/stream/failed_streams.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::Failure;
using test::Gate;
using test::StreamFailure;

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
      if (!caught<TimedOut>([&] { producer.synchronize(std::chrono::microseconds(200)); })) {
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
      EXPECT_EQ(clEnqueueFillBuffer(queue, out.lend(), &value, sizeof(value), 0, out.nbytes(), 0,
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
