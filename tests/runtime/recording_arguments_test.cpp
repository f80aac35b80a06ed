// SPDX-License-Identifier: Apache-2.0
// A recording's kernels take other arguments between replays.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/runtime/replayed_work.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::contents;
using test::expect_throws;
using test::RecordingTest;

TEST_P(RecordingTest, TakesNewArguments) {
  const Recording recording = capture([&] {
    set(data, 5);
    grow(data);
    copy(stream, data, result);
  });
  recording.replay();
  test::Gate gate(stream);
  recording.replay();  // under way with the old arguments
  recording.update(recording.find("kernel 'set'"), "value", 10);
  const Buffer elsewhere = test::buffer_of(all(0));
  recording.update(recording.find("kernel 'copy'"), 1, writes(elsewhere));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(result), all(11));
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(21));
  EXPECT_EQ(contents(result), all(11));
  EXPECT_EQ(contents(elsewhere), all(21));
}

TEST_P(RecordingTest, OrdersTheMemoryOfItsNewArguments) {
  const Recording recording = capture([&] { copy(stream, data, result); });
  const Buffer elsewhere = test::buffer_of(all(1));
  recording.update(0, "from", elsewhere);
  test::Gate gate(other);
  set(other, data, 9);  // no longer read
  recording.replay();
  stream.synchronize(std::chrono::seconds(20));
  EXPECT_EQ(contents(result), all(1));
  set(other, elsewhere, 4);
  recording.replay();
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(result), all(4));
}

TEST_P(RecordingTest, TakesViewsOfBuffers) {
  constexpr std::size_t half = 4096;
  const Buffer large = test::buffer_of(std::vector<int>(2 * half, 1));
  const BufferView second{large, half * sizeof(int), half * sizeof(int)};
  const BufferView first{large, 0, half * sizeof(int)};
  const Recording recording =
      capture([&] { test::grow_kernel().launch(stream, NDRange({half}), second); });
  recording.replay();
  recording.update(0, 0, first);
  recording.update(0, 0, second);
  recording.replay();
  stream.synchronize();
  std::vector<int> expected(half, 1);
  expected.resize(2 * half, 7);
  EXPECT_EQ(contents(large), expected);
}

TEST_P(RecordingTest, RefusesArgumentsThatTheKernelCannotTakeAndStaysAsItWas) {
  const Recording recording = capture([&] {
    set(data, 5);
    static_cast<void>(Tensor::full(stream, {4}, 1.0));
  });
  expect_throws<InvalidArgument>([&] { recording.update(0, "value", 1.5f); }, "'set'", "argument 1",
                                 "int value");
  expect_throws<InvalidArgument>([&] { recording.update(0, 0, 3); }, "'set'", "argument 0",
                                 "takes a buffer");
  expect_throws<InvalidArgument>([&] { recording.update(0, 2, 3); },
                                 "[Recording::update] argument 2 of kernel 'set', which has 2");
  expect_throws<InvalidArgument>([&] { recording.update(0, "factor", 3); },
                                 "kernel 'set' has no parameter 'factor'; it has: data value");
  expect_throws<InvalidArgument>([&] { recording.update(1, 0, 3); }, "command 1 is a fill");
  expect_throws<InvalidArgument>([&] { recording.update(2, 0, 3); },
                                 "command 2 of a recording of 2");
  const Buffer foreign(test::other_context(), count * sizeof(int));
  expect_throws<InvalidArgument>([&] { recording.update(0, "data", foreign); }, "another context");
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(5));
}

}  // namespace
}  // namespace dovetail
