// SPDX-License-Identifier: Apache-2.0
// Which block a memory pool returns, and what its next use waits for.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/memory_pool_work.hpp"
#include "tests/support/native_queue.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Gate;
using test::kib;
using test::memory;
using test::references;

using MemoryPoolOrder = test::MemoryPoolWork;

TEST_F(MemoryPoolOrder, ReturnsABlockToItsStreamThoughItsWorkIsHeld) {
  MemoryPool pool(context());
  const Stream stream(context());
  const Tensor first = Tensor::zeros(stream, {256}), second = Tensor::zeros(stream, {256});
  Gate gate(stream);
  cl_mem block = nullptr;
  for (const auto& [value, result] : {std::pair(1.0f, first), std::pair(2.0f, second)}) {
    const Buffer buffer = pool.allocate(stream, kib);
    if (block == nullptr) block = memory(buffer);
    EXPECT_EQ(memory(buffer), block);
    set(stream, buffer, value);
    copy(stream, buffer, result);
  }
  EXPECT_EQ(pool.statistics().hits, 1u);
  EXPECT_EQ(pool.statistics().misses, 1u);
  EXPECT_EQ(pool.statistics().waits, 0u);
  EXPECT_EQ(stream.statistics().waits(), 0u);
  gate.release();
  EXPECT_EQ(first.to_host<float>(stream), std::vector<float>(256, 1.0f));
  EXPECT_EQ(second.to_host<float>(stream), std::vector<float>(256, 2.0f));
}

TEST_F(MemoryPoolOrder, MakesABlockRatherThanWaitForAnotherStream) {
  MemoryPool pool(context());
  const Stream held(context()), stream(context());
  Gate gate(held);
  std::optional<Buffer> first = pool.allocate(held, kib);
  const cl_mem block = memory(*first);
  set(held, *first, 1.0f);
  first.reset();
  const Buffer second = pool.allocate(stream, kib);
  EXPECT_NE(memory(second), block);
  EXPECT_EQ(pool.statistics().misses, 2u);
  set(stream, second, 2.0f);
  ASSERT_NO_THROW(stream.synchronize_for(std::chrono::seconds(10)));  // though `held` is still held
  EXPECT_EQ(values(stream, second), std::vector<float>(256, 2.0f));
  EXPECT_EQ(stream.statistics().waits(), 0u);
}

TEST_F(MemoryPoolOrder, TakesABlockInFlightAtTheLimitAndInsertsOneWait) {
  MemoryPool pool(context(), {.limit_nbytes = kib});
  const Stream held(context()), stream(context());
  const Tensor result = Tensor::zeros(held, {256});
  Gate gate(held);
  std::optional<Buffer> first = pool.allocate(held, kib);
  const cl_mem block = memory(*first);
  set(held, *first, 1.0f);
  copy(held, *first, result);
  first.reset();

  const Buffer second = pool.allocate(stream, kib);
  EXPECT_EQ(memory(second), block);
  EXPECT_EQ(pool.statistics().waits, 1u);
  EXPECT_EQ(pool.statistics().hits, 1u);
  EXPECT_EQ(pool.statistics().released, 0u);
  set(stream, second, 2.0f);
  EXPECT_EQ(stream.statistics().waits(), 1u);
  const Event written = stream.record();
  EXPECT_FALSE(written.is_done());
  gate.release();
  EXPECT_EQ(values(stream, second), std::vector<float>(256, 2.0f));
  EXPECT_EQ(result.to_host<float>(held), std::vector<float>(256, 1.0f));
}

TEST_F(MemoryPoolOrder, TakesTheBlockThatWasFreedFirstAtTheLimit) {
  MemoryPool pool(context(), {.limit_nbytes = 3 * kib});
  const Stream held(context()), other(context()), stream(context());
  Gate gate(held), other_gate(other);
  std::optional<Buffer> a = pool.allocate(held, kib), b = pool.allocate(other, kib),
                        c = pool.allocate(held, kib);
  const std::array<cl_mem, 3> blocks{memory(*a), memory(*b), memory(*c)};
  set(held, *a, 1.0f);
  set(other, *b, 1.0f);
  set(held, *c, 1.0f);
  b.reset();
  a.reset();
  c.reset();
  const Buffer first = pool.allocate(stream, kib), second = pool.allocate(stream, kib);
  EXPECT_EQ(memory(first), blocks[1]);
  EXPECT_EQ(memory(second), blocks[0]);
  EXPECT_EQ(pool.statistics().waits, 2u);
}

TEST_F(MemoryPoolOrder, TakesAnotherStreamsBlockWhenOrderedAfterIt) {
  MemoryPool pool(context());
  const Stream held(context()), middle(context()), stream(context());
  Gate gate(held);
  std::optional<Buffer> first = pool.allocate(held, kib);
  const cl_mem block = memory(*first);
  set(held, *first, 1.0f);
  first.reset();
  middle.wait(held);
  stream.wait(middle.record());
  const std::uint64_t waits = stream.statistics().waits();
  const Buffer second = pool.allocate(stream, kib);
  EXPECT_EQ(memory(second), block);
  EXPECT_EQ(pool.statistics().waits, 0u);
  set(stream, second, 2.0f);
  EXPECT_EQ(stream.statistics().waits(), waits);
  gate.release();
  EXPECT_EQ(values(stream, second), std::vector<float>(256, 2.0f));
}

TEST_F(MemoryPoolOrder, TakesAnotherStreamsBlockWhoseWorkIsKnownToBeDone) {
  MemoryPool pool(context());
  const Stream first(context()), stream(context());
  std::optional<Buffer> buffer = pool.allocate(first, kib);
  const cl_mem block = memory(*buffer);
  set(first, *buffer, 1.0f);
  buffer.reset();
  first.synchronize();
  const Buffer again = pool.allocate(stream, kib);
  EXPECT_EQ(memory(again), block);
  set(stream, again, 2.0f);
  EXPECT_EQ(stream.statistics().waits(), 0u);
}

TEST_F(MemoryPoolOrder, TakesAnUnusedBlockOfAnyStream) {
  MemoryPool pool(context());
  const Stream held(context()), stream(context());
  const cl_mem block = memory(pool.allocate(held, kib));
  EXPECT_EQ(memory(pool.allocate(stream, kib)), block);
}

TEST_F(MemoryPoolOrder, PrefersTheBlockThatItsOwnStreamUsedLast) {
  MemoryPool pool(context());
  const Stream stream(context()), other(context());
  std::optional<Buffer> of_other = pool.allocate(other, kib);
  std::optional<Buffer> older = pool.allocate(stream, kib), newer = pool.allocate(stream, kib);
  const cl_mem block = memory(*newer);
  set(other, *of_other, 1.0f);
  other.synchronize();
  set(stream, *older, 1.0f);
  set(stream, *newer, 1.0f);
  newer.reset();
  older.reset();
  of_other.reset();
  EXPECT_EQ(memory(pool.allocate(stream, kib)), block);
}

TEST_F(MemoryPoolOrder, ConsidersAllStreamsThatUsedABlock) {
  MemoryPool pool(context());
  const Stream held(context()), stream(context());
  const Tensor result = Tensor::zeros(held, {256});
  Gate gate(held);
  std::optional<Buffer> buffer = pool.allocate(stream, kib);
  const cl_mem block = memory(*buffer);
  set(stream, *buffer, 1.0f);
  copy(held, *buffer, result);
  copy(stream, *buffer, Tensor::zeros(stream, {256}));
  buffer.reset();
  const Buffer next = pool.allocate(stream, kib);
  EXPECT_NE(memory(next), block);
  set(stream, next, 2.0f);
  gate.release();
  EXPECT_EQ(result.to_host<float>(held), std::vector<float>(256, 1.0f));
}

TEST_F(MemoryPoolOrder, ConsidersOnlyThePartOfABlockThatIsWanted) {
  MemoryPool pool(context());
  const Stream held(context()), stream(context());
  const Kernel kernel = test::multiply_add_kernel();
  Gate gate(held);
  std::optional<Buffer> buffer = pool.allocate(held, 1152);
  const cl_mem block = memory(*buffer);
  const auto part = [&](std::size_t offset) {
    return whole_buffer(updates(BufferView{*buffer, offset, 4}));
  };
  kernel.launch(held, NDRange({1}), part(1148), 1.0f, 1.0f);
  kernel.launch(stream, NDRange({1}), part(0), 1.0f, 1.0f);
  buffer.reset();
  EXPECT_NE(memory(pool.allocate(stream, 1152)), block);
  buffer = pool.allocate(stream, 1148);  // without the bytes that `held` uses
  EXPECT_EQ(memory(*buffer), block);
  set(stream, *buffer, 2.0f);
  EXPECT_EQ(stream.statistics().waits(), 0u);
  buffer.reset();
  EXPECT_NE(memory(pool.allocate(stream, 1152)), block);
}

TEST_F(MemoryPoolOrder, DoesNotTakeABlockFromAQueueThatOthersUse) {
  MemoryPool pool(context());
  const test::NativeQueue queue(context());
  const Stream shared = Stream::retain(context(), queue.get()), stream(context());
  std::optional<Buffer> buffer = pool.allocate(shared, kib);
  const cl_mem block = memory(*buffer);
  set(shared, *buffer, 1.0f);
  buffer.reset();
  shared.synchronize();
  EXPECT_NE(memory(pool.allocate(stream, kib)), block);
  EXPECT_EQ(memory(pool.allocate(shared, kib)), block);
}

/// Fails `stream` after its work, while no call knows yet that the work is done.
void fail_behind_work(const Stream& stream) {
  clFinish(stream.get());  // PoCL 3.1 aborts when a launch fails with what came before it
  Gate gate(stream);
  const Event event = stream.record();
  gate.fail(CL_OUT_OF_RESOURCES);
  EXPECT_THROW(event.synchronize(), CommandError);
}

TEST_F(MemoryPoolOrder, FailedStreamsBlockDoesNotFailAnotherStream) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  MemoryPool pool(context(), {.limit_nbytes = kib});
  const Stream failed(context()), stream(context());
  std::optional<Buffer> buffer = pool.allocate(failed, kib);
  set(failed, *buffer, 1.0f);
  buffer.reset();
  fail_behind_work(failed);
  const Buffer next = pool.allocate(stream, kib);
  EXPECT_EQ(pool.statistics().released, 1u);
  EXPECT_NO_THROW(set(stream, next, 2.0f));
  EXPECT_EQ(values(stream, next), std::vector<float>(256, 2.0f));
}

TEST_F(MemoryPoolOrder, LeavesAFailedStreamsBlockThoughOrderedAfterItsUse) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  MemoryPool pool(context());
  const Stream failed(context()), stream(context());
  std::optional<Buffer> buffer = pool.allocate(failed, kib);
  const cl_mem block = memory(*buffer);
  {
    Gate gate(failed);
    set(failed, *buffer, 1.0f);
    buffer.reset();
    stream.wait(failed);
  }
  fail_behind_work(failed);
  const Buffer next = pool.allocate(stream, kib);
  EXPECT_NE(memory(next), block);
  EXPECT_NO_THROW(set(stream, next, 2.0f));
}

TEST_F(MemoryPoolOrder, ReleasesABlockWhoseNativeHandleWasLent) {
  MemoryPool pool(context());
  const Stream stream(context());
  cl_mem lent = nullptr;
  {
    const Buffer buffer = pool.allocate(stream, kib);
    lent = buffer.get();
    ASSERT_EQ(clRetainMemObject(lent), CL_SUCCESS);
  }
  const MemoryPoolStatistics after = pool.statistics();
  EXPECT_EQ(after.released, 1u);
  EXPECT_EQ(after.reserved, 0u);
  EXPECT_NE(memory(pool.allocate(stream, kib)), lent);
  EXPECT_EQ(references(lent), 1u);
  clReleaseMemObject(lent);
}

}  // namespace
}  // namespace dovetail
