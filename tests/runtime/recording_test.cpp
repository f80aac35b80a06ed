// SPDX-License-Identifier: Apache-2.0
// Each replay of a recording does what enqueuing its work again would do, by either method.
#include "dovetail/runtime/recording.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/runtime/replayed_work.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::contents;
using test::context;
using test::expect_throws;
using test::RecordingTest;

TEST_P(RecordingTest, RunsNothingUntilItIsReplayedAndThenAllInOrder) {
  const Recording recording = capture([&] {
    set(data, 5);
    grow(data);
    grow(data);
    copy(stream, data, result);
  });
  EXPECT_EQ(contents(data), all(1));
  EXPECT_EQ(stream.point().ticket, 0u);
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(23));
  EXPECT_EQ(contents(result), all(23));
}

TEST_P(RecordingTest, ReplaysAgainBeforeTheLastReplayEnds) {
  const Recording recording = capture([&] { grow(data); });
  test::Gate gate(stream);
  for (int i = 0; i < 5; ++i) recording.replay();
  EXPECT_EQ(contents(data), all(1));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(63));
}

TEST_P(RecordingTest, StandsInTheStreamsOrder) {
  const Recording recording = capture([&] { grow(data); });
  set(data, 3);
  recording.replay();
  grow(data);
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(data), all(31));
}

TEST_P(RecordingTest, CountsAsOneCommandOfTheStream) {
  const Recording recording = capture([&] {
    for (int i = 0; i < 50; ++i) grow(data);
  });
  EXPECT_EQ(recording.size(), 50u);
  const auto before = stream.statistics().commands;
  recording.replay();
  EXPECT_EQ(stream.statistics().commands, before + 1);
}

TEST_P(RecordingTest, OrdersItsMemoryTowardsOtherStreams) {
  const Recording recording = capture([&] { copy(stream, data, result); });
  test::Gate gate(other);
  set(other, data, 7);
  recording.replay();
  const Event replayed = stream.record();
  EXPECT_TRUE(test::is_held(replayed));
  gate.release();
  grow(other, result);
  other.synchronize();
  EXPECT_EQ(contents(result), all(15));
}

TEST_P(RecordingTest, WritesAfterWhatOtherStreamsReadEvenWhereItReadsFirst) {
  const Recording recording = capture([&] {
    copy(stream, data, result);
    set(data, 9);
  });
  recording.replay();
  set(data, 1);
  const Buffer elsewhere = test::buffer_of(all(0));
  test::Gate gate(other);
  copy(other, data, elsewhere);
  recording.replay();
  EXPECT_TRUE(test::is_held(stream.record()));
  gate.release();
  stream.synchronize();
  EXPECT_EQ(contents(elsewhere), all(1));
  EXPECT_EQ(contents(data), all(9));
}

TEST_P(RecordingTest, RunsOnTheStreamOfItsReplay) {
  const Recording recording = capture([&] { grow(data); });
  const Stream profiled(context(), {.profiling = true});
  for (const Stream& on : {stream, other, profiled}) recording.replay(on);
  stream.synchronize();
  profiled.synchronize();
  other.synchronize();
  EXPECT_EQ(contents(data), all(15));
  expect_throws<InvalidArgument>([&] { recording.replay(Stream(test::other_context())); },
                                 "[Recording::replay]", "another context");
}

TEST_P(RecordingTest, KeepsItsTemporaryMemoryToItself) {
  const std::vector<float> values(256, 2.0f);
  const Tensor a = Tensor::from_host<float>(context(), values, {256});
  std::optional<Tensor> out;
  const Recording recording = capture([&] {
    const Tensor ones = Tensor::full(stream, {256}, 1.0);
    out = multiply(stream, add(stream, a, ones), a);  // the sum and the ones go at once
  });
  // The pool would return the temporaries' blocks here if it had them back.
  std::vector<Tensor> others;
  for (int i = 0; i < 8; ++i) others.push_back(Tensor::full(stream, {256}, -1.0));
  recording.replay();
  for (const Tensor& each : others) {
    EXPECT_EQ(each.to_host<float>(stream), std::vector<float>(256, -1.0f));
  }
  EXPECT_EQ(out->to_host<float>(stream), std::vector<float>(256, 6.0f));
}

TEST_P(RecordingTest, HoldsWhateverItNeeds) {
  std::optional<Recording> recording;
  std::optional<Tensor> out;
  {
    const Stream gone(context());
    const Tensor a = Tensor::from_host<float>(context(), std::vector<float>(64, -3.0f), {8, 8});
    const Kernel scale = test::multiply_add_kernel();
    Capture begun(gone, options());
    out = relu(gone, a);
    scale.launch(gone, NDRange({64}), *out, 2.0f, 1.0f);
    recording = begun.end();
  }
  recording->replay();
  EXPECT_EQ(out->to_host<float>(stream), std::vector<float>(64, 1.0f));
}

TEST_P(RecordingTest, TakesMatmulByDovetailsOwnKernels) {
  const std::vector<float> ones(32 * 32, 1.0f);
  const Tensor a = Tensor::from_host<float>(context(), ones, {32, 32});
  std::optional<Tensor> out;
  const Recording recording =
      capture([&] { out = matmul(stream, a, a, {.backend = MatmulBackend::kernel}); });
  recording.replay();
  EXPECT_EQ(out->to_host<float>(stream), std::vector<float>(32 * 32, 32.0f));
}

TEST_P(RecordingTest, NamesItsCommands) {
  const Recording recording = capture([&] {
    set(data, 5);
    grow(data);
    set(data, 6);
  });
  const auto commands = recording.commands();
  ASSERT_EQ(commands.size(), 3u);
  EXPECT_EQ(commands[1].name, "kernel 'grow'");
  EXPECT_EQ(commands[1].stream, 0u);
  EXPECT_EQ(recording.find("kernel 'set'", 1), 2u);
  expect_throws<InvalidArgument>([&] { static_cast<void>(recording.find("grow")); },
                                 "'grow' among: kernel 'set', kernel 'grow', kernel 'set'");
  EXPECT_EQ(recording.method(), GetParam());
  EXPECT_EQ(recording.stream(), stream);
}

TEST_P(RecordingTest, EnqueuesNothingWhenEmpty) {
  const Recording recording = capture([] {});
  EXPECT_EQ(recording.size(), 0u);
  recording.replay();
  EXPECT_EQ(stream.point().ticket, 0u);
}

TEST_P(RecordingTest, CapturesWhatAllThreadsEnqueue) {
  const Recording recording = capture([&] {
    test::on_threads(4, [&](int) {
      for (int i = 0; i < 25; ++i) grow(data);
    });
  });
  EXPECT_EQ(recording.size(), 100u);
  for (int i = 0; i < 5; ++i) recording.update(static_cast<std::size_t>(i), "data", result);
  recording.replay();
  stream.synchronize();
  EXPECT_EQ(contents(result), all(31));
}

TEST_P(RecordingTest, RunsAsAWholeWhenManyThreadsReplayIt) {
  // The two copies differ if another replay runs in between.
  const Kernel count_differences = test::kernel_from(
      "kernel void count_differences(global const int* a, global const int* b, global int* sum) {\n"
      "  const size_t i = get_global_id(0);\n"
      "  sum[i] += a[i] != b[i];\n"
      "}\n",
      "count_differences");
  const Buffer second = test::buffer_of(all(0)), differences = test::buffer_of(all(0));
  const Recording recording = capture([&] {
    copy(stream, data, result);
    other.wait(stream);
    copy(other, data, second);
    grow(data);
    stream.wait(other);
    count_differences.launch(stream, NDRange({count}), result, second, differences);
  });
  test::on_threads(8, [&](int i) {
    const Stream own(context());
    for (int j = 0; j < 10; ++j) {
      recording.replay(i % 2 == 0 ? own : stream);
      if (i == 0) recording.update(recording.find("kernel 'grow'"), 0, data);
    }
    own.synchronize();
  });
  stream.synchronize();
  other.synchronize();
  int expected = 1;
  for (int i = 0; i < 79; ++i) {
    expected = static_cast<int>(2u * static_cast<unsigned>(expected) + 1u);
  }
  EXPECT_EQ(contents(result), all(expected));
  EXPECT_EQ(contents(second), all(expected));
  EXPECT_EQ(contents(differences), all(0));
}

DOVETAIL_FOR_EACH_REPLAY_METHOD(RecordingTest);

}  // namespace
}  // namespace dovetail
