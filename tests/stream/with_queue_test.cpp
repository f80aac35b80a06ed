// SPDX-License-Identifier: Apache-2.0
// Raw OpenCL on a stream's queue runs in order, with declared memory and without.
#include "dovetail/stream/with_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/explain.hpp"
#include "tests/oracles/order_checker.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::contents;
using test::context;
using test::expect_parts;
using test::expect_throws;
using test::text_thrown;

void raw_copy(cl_command_queue queue, const Buffer& from, const Buffer& to) {
  if (clEnqueueCopyBuffer(queue, detail::handle_of(from).memory, detail::handle_of(to).memory, 0, 0,
                          from.nbytes(), 0, nullptr, nullptr) != CL_SUCCESS) {
    throw std::runtime_error("raw_copy: clEnqueueCopyBuffer failed");
  }
}

class WithQueue : public test::OrderedWork<testing::TestWithParam<bool>> {
 protected:
  void TearDown() override {
    for (const Stream& each : {stream, other}) each.synchronize();
    const test::OrderCheck check = test::check_order(recorder.take());
    EXPECT_EQ(check.violation_count, 0u) << check.str();
  }
  bool is_declared() const { return GetParam(); }

  /// Sets `to` by raw OpenCL on the queue of `on`.
  void set_raw(const Stream& on, const Buffer& to, int value) const {
    const auto enqueue = [&](cl_command_queue queue) {
      test::raw_set(queue, {to, 0, nbytes}, value);
    };
    if (is_declared()) {
      with_queue(on, std::array{writes(to)}, "raw set", enqueue);
    } else {
      with_queue(on, "raw set", enqueue);
    }
  }
  void copy_raw(const Stream& on, const Buffer& from, const Buffer& to) const {
    const auto enqueue = [&](cl_command_queue queue) { raw_copy(queue, from, to); };
    if (is_declared()) {
      with_queue(on, std::array{reads(from), writes(to)}, "raw copy", enqueue);
    } else {
      with_queue(on, "raw copy", enqueue);
    }
  }

  OrderRecorder recorder;
  const Stream stream{context()};
  const Stream other{context()};
  const Buffer data = test::buffer_of(all(1));
  const Buffer result = test::buffer_of(all(0));
};

TEST_P(WithQueue, RunsAfterEarlierWorkOfOtherStreams) {
  test::Gate gate(other);
  set(other, data, 5);
  copy_raw(stream, data, result);
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(result), all(5));
}

TEST_P(WithQueue, RunsBeforeLaterWorkOfOtherStreams) {
  test::Gate gate(stream);
  set_raw(stream, data, 7);  // which Dovetail has never seen used
  copy(other, data, result);
  EXPECT_TRUE(test::is_held(other.record()));
  gate.release();
  other.synchronize();
  EXPECT_EQ(contents(result), all(7));
}

TEST_P(WithQueue, OrdersRawWorkOfTwoStreams) {
  test::Gate gate(stream);
  set_raw(stream, data, 8);
  copy_raw(other, data, result);
  EXPECT_TRUE(test::is_held(other.record()));
  gate.release();
  other.synchronize();
  EXPECT_EQ(contents(result), all(8));
}

TEST_P(WithQueue, OrdersAChainThroughTwoStreams) {
  test::Gate gate(stream);
  set_raw(stream, data, 9);
  copy(other, data, result);
  copy_raw(stream, result, data);
  EXPECT_TRUE(test::is_held(other.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(9));
}

TEST_P(WithQueue, CostsItsConsumerOneWait) {
  test::Gate gate(stream);
  set_raw(stream, data, 7);
  copy(other, data, result);
  const auto waits = [&] { return other.statistics().count(Verdict::waited); };
  const auto before = waits();
  EXPECT_EQ(before, 1u);
  copy(other, data, result);
  set(other, result, 3);
  EXPECT_EQ(waits(), before);
  gate.release();
}

TEST_P(WithQueue, OutlivesItsStream) {
  std::optional<Stream> gone{Stream(context())};
  test::Gate gate(*gone);
  set_raw(*gone, data, 6);
  gone.reset();
  copy(other, data, result);
  EXPECT_TRUE(test::is_held(other.record()));
  gate.release();
  other.synchronize();
  EXPECT_EQ(contents(result), all(6));
}

TEST_P(WithQueue, KeepsOtherThreadsOutOfItsWork) {
  std::vector<Buffer> slots;
  for (int i = 0; i < 8; ++i) slots.push_back(test::buffer_of(all(-1)));
  test::on_threads(8, [&](int i) {
    const Buffer& slot = slots[static_cast<std::size_t>(i)];
    const auto enqueue = [&](cl_command_queue queue) {
      test::raw_set(queue, {data, 0, nbytes}, i);
      raw_copy(queue, data, slot);
    };
    for (int j = 0; j < 50; ++j) {
      if (is_declared()) {
        with_queue(stream, std::array{updates(data), writes(slot)}, "two steps", enqueue);
      } else {
        with_queue(stream, "two steps", enqueue);
      }
    }
  });
  stream.synchronize();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(contents(slots[static_cast<std::size_t>(i)]), all(i));
}

TEST_P(WithQueue, LeavesTheStreamUsableWhenItThrows) {
  const auto fail = [](cl_command_queue) { throw std::runtime_error("mine"); };
  const auto call = [&] {
    if (is_declared()) {
      with_queue(stream, std::array{writes(data)}, "fails", fail);
    } else {
      with_queue(stream, "fails", fail);
    }
  };
  EXPECT_EQ(text_thrown<std::runtime_error>(call), "mine");
  set_raw(stream, data, 4);
  copy(other, data, result);
  other.synchronize();
  EXPECT_EQ(contents(result), all(4));
}

TEST_P(WithQueue, RefusesToEnqueueOnAStreamInside) {
  const auto nested = [&](cl_command_queue) { set(other, data, 1); };
  const auto call = [&] {
    if (is_declared()) {
      with_queue(stream, std::array{writes(data)}, "nested", nested);
    } else {
      with_queue(stream, "nested", nested);
    }
  };
  expect_throws<Error>(call, "may give work to a stream");
}

INSTANTIATE_TEST_SUITE_P(, WithQueue, testing::Bool(),
                         [](const auto& each) { return each.param ? "declared" : "undeclared"; });

class WithQueueDeclared : public test::OrderedWork<testing::Test> {};

TEST_F(WithQueueDeclared, RefusesARangeThatItsBufferDoesNotHave) {
  const Stream stream(context());
  const Buffer data = test::buffer_of(all(1));
  bool was_called = false;
  const auto call = [&](std::size_t offset, std::size_t size) {
    with_queue(stream, std::array{writes(BufferView{data, offset, size})}, "raw",
               [&](cl_command_queue) { was_called = true; });
  };
  const auto refusal = [&](std::size_t offset, std::size_t size) {
    return text_thrown<InvalidArgument>([&] { call(offset, size); });
  };
  expect_parts(refusal(2 * nbytes, nbytes),
               "[with_queue] 'raw' was given 256 bytes at offset 512 of a buffer that has 256");
  expect_parts(refusal(nbytes - 4, 5), "was given 5 bytes at offset 252");
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  expect_parts(refusal(16, most - 8), "bytes at offset 16 of");  // the two sum up to 7
  EXPECT_FALSE(was_called);
  call(nbytes, 0);
  EXPECT_TRUE(was_called);
}

class WithQueueUndeclared : public test::OrderedWork<testing::Test> {};

TEST_F(WithQueueUndeclared, WaitsForOthersWorkOnAQueueThatDovetailHasNotUsed) {
  OrderRecorder recorder;
  const test::NativeQueue queue(context());
  const Stream stream(context()), adopted = Stream::retain(context(), queue.get());
  const Buffer data = test::buffer_of(all(1)), result = test::buffer_of(all(0));
  test::Gate gate(adopted);
  test::raw_set(queue.get(), {data, 0, nbytes}, 5);
  with_queue(stream, "raw", [&](cl_command_queue own) { raw_copy(own, data, result); });
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(result), all(5));
  const test::OrderCheck check = test::check_order(recorder.take());
  EXPECT_EQ(check.violation_count, 0u) << check.str();
}

TEST_F(WithQueueUndeclared, LeavesOtherContextsAlone) {
  const Stream stream(context());
  const Stream foreign(test::other_context());
  const Buffer memory(test::other_context(), nbytes);
  test::Gate gate(stream);
  with_queue(stream, "raw", [](cl_command_queue) {});
  with_queue(foreign, std::array{writes(memory)}, "fill", [&](cl_command_queue queue) {
    test::raw_set(queue, {memory, 0, nbytes}, 1);
  });
  foreign.synchronize();
  EXPECT_EQ(contents(memory), all(1));
  gate.release();
}

TEST_F(WithQueueUndeclared, HoldsLaterWorkAlsoAfterARefusedLaunch) {
  const Stream stream(context()), other(context());
  const Buffer data = test::buffer_of(all(1)), result = test::buffer_of(all(0));
  const Buffer pending = test::buffer_of(all(0));
  Capture capture(other);
  set(other, pending, 1);
  const Recording recording = capture.end();
  test::Gate gate(stream);
  with_queue(stream, "raw", [&](cl_command_queue queue) {
    test::raw_set(queue, {data, 0, nbytes}, 7);
  });
  EXPECT_THROW(grow(other, pending), CaptureError);
  copy(other, data, result);
  EXPECT_TRUE(test::is_held(other.record()));
  gate.release();
  other.synchronize();
  EXPECT_EQ(contents(result), all(7));
}

TEST_F(WithQueueUndeclared, ThrowsUntilAFailedStreamIsReset) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Stream stream(context()), failed(context());
  const Buffer data = test::buffer_of(all(1));
  const auto call = [&] { with_queue(stream, "raw", [](cl_command_queue) {}); };
  test::Gate gate(failed);
  set(failed, data, 1);
  const Event event = failed.record();
  gate.fail(-5);
  EXPECT_THROW(event.synchronize(), CommandError);
  expect_throws<CommandError>(call, "raw depends on stream #");
  failed.reset();
  call();
}

TEST_F(WithQueueUndeclared, AppearsInExplain) {
  OrderRecorder recorder;
  const Stream stream(context()), other(context());
  const Buffer data = test::buffer_of(all(1));
  test::Gate gate(stream);
  with_queue(stream, "raw", [](cl_command_queue) {});
  set(other, data, 1);
  expect_parts(explain(recorder.take()), "raw, any memory", "undeclared memory -> waited");
  gate.release();
}

}  // namespace
}  // namespace dovetail
