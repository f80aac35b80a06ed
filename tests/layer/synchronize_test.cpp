// SPDX-License-Identifier: Apache-2.0
// What it costs at OpenCL's entry points when many wait: threads for one stream, and one stream for
// many others.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/synchronizing_threads.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::context;
using test::order_calls_during;
using test::OrderCalls;

class Synchronize : public test::LayerTest {
 protected:
  const Stream stream{context()};
};

TEST_F(Synchronize, ManyThreadsTakeTwoWaits) {
  constexpr int threads = 16;
  test::Gate gate(stream);
  std::atomic<int> returned = 0;
  const OrderCalls calls = order_calls_during([&] {
    test::on_threads(threads + 1, [&](int index) {
      if (index < threads) {
        stream.synchronize();
        ++returned;
        return;
      }
      test::until_asked(stream, threads);
      EXPECT_EQ(returned, 0);
      gate.release();
    });
  });
  EXPECT_EQ(returned, threads);
  // One for the thread that asked first, whose marker covers nobody else's call; one for the rest.
  EXPECT_EQ(calls, (OrderCalls{.markers = 2, .events = 2, .host_waits = 2}));
}

TEST_F(Synchronize, ManyThreadsWithOneEventTakeOneWait) {
  constexpr int threads = 16;
  test::Gate gate(stream);
  const Event event = stream.record();
  const OrderCalls calls = order_calls_during([&] {
    test::on_threads(threads + 1, [&](int index) {
      if (index < threads) return event.synchronize();
      while (stream.statistics().host_waits < threads) std::this_thread::yield();
      EXPECT_TRUE(test::is_held(event));
      gate.release();
    });
  });
  EXPECT_EQ(calls.markers, 0u);
  EXPECT_EQ(calls.host_waits, 1u);
}

TEST_F(Synchronize, StreamAfterManyTakesOneBarrier) {
  constexpr std::size_t producers = 12, count = 64;
  const Buffer data = test::buffer_of(std::vector<int>(count, 1));
  std::deque<Stream> streams;
  std::deque<test::Gate> gates;
  for (std::size_t i = 0; i < producers; ++i) {
    streams.emplace_back(context());
    gates.emplace_back(streams.back());
    test::copy_kernel().launch(streams.back(), NDRange({count}), reads(data),
                               writes(test::buffer_of(std::vector<int>(count))));
  }
  EXPECT_EQ(
      order_calls_during(
          [&] { test::set_kernel().launch(stream, NDRange({count}), writes(data), 2); }),
      (OrderCalls{.markers = producers, .flushes = producers, .barriers = 1, .events = producers}));
  for (test::Gate& gate : gates) gate.release();
  stream.synchronize();
}

TEST_F(Synchronize, ResetFlushes) {
  {
    test::Gate gate(stream);
    const Event event = stream.record();
    gate.fail(CL_OUT_OF_RESOURCES);
    EXPECT_THROW(event.synchronize(), CommandError);
    EXPECT_EQ(order_calls_during([&] { stream.reset(); }).flushes, 1u);
  }
  stream.synchronize();
}

TEST_F(Synchronize, LimitedSynchronizeFlushes) {
  EXPECT_EQ(order_calls_during([&] { stream.synchronize(std::chrono::seconds(60)); }),
            (OrderCalls{.markers = 1, .flushes = 1}));
}

}  // namespace
}  // namespace dovetail
