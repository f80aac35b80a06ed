// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/memory_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::Gate;
using test::text_thrown;

constexpr std::size_t kib = 1024, mib = 1024 * kib;

/// The memory object, without asking for the native handle.
cl_mem memory(const Buffer& buffer) { return detail::handle_of(buffer).memory; }

cl_uint references(cl_mem memory) {
  cl_uint count = 0;
  clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

std::size_t count_of(const Buffer& buffer) { return buffer.nbytes() / sizeof(float); }

/// Work on a buffer of floats.
class MemoryPoolWork : public testing::Test {
 protected:
  /// All elements become `value`, whatever they were.
  void set(const Stream& stream, const Buffer& buffer, float value) const {
    set_.launch(stream, NDRange({count_of(buffer)}), writes(buffer), value);
  }
  void copy(const Stream& stream, const Buffer& from, const Tensor& to) const {
    copy_.launch(stream, NDRange({count_of(from)}), reads(from), writes(to));
  }
  static std::vector<float> values(const Stream& stream, const Buffer& buffer) {
    const auto count = static_cast<std::int64_t>(count_of(buffer));
    return Tensor::from_buffer(buffer, {count}).to_host<float>(stream);
  }

 private:
  Program program_ = Program::from_source(context(), {.name = "test.cl", .text = R"(
    kernel void set(global float* data, float value) { data[get_global_id(0)] = value; }
    kernel void copy(global const float* from, global float* to) {
      to[get_global_id(0)] = from[get_global_id(0)];
    })"});
  Kernel set_{program_, "set"}, copy_{program_, "copy"};
};

using MemoryPoolUse = MemoryPoolWork;
using MemoryPoolOrder = MemoryPoolWork;
using MemoryPoolFailure = MemoryPoolWork;
using MemoryPoolThreads = MemoryPoolWork;

TEST_F(MemoryPoolOrder, GivesABlockBackToItsStreamAtOnceThoughItsWorkIsHeld) {
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

TEST_F(MemoryPoolOrder, AtTheLimitTakesABlockInFlightAndInsertsOneWait) {
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

TEST_F(MemoryPoolOrder, AtTheLimitTakesTheBlockThatHasLainLongest) {
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

TEST_F(MemoryPoolOrder, TakesABlockOfAnotherStreamThatTheStreamAlreadyComesAfter) {
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

TEST_F(MemoryPoolOrder, TakesABlockOfAnotherStreamWhoseWorkIsKnownToBeDone) {
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

TEST_F(MemoryPoolOrder, TakesABlockThatWasNeverUsedWhicheverStreamItWasFor) {
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

TEST_F(MemoryPoolOrder, LooksAtAllWhoUsedABlockAndNotAtTheLastAlone) {
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

TEST_F(MemoryPoolOrder, LooksAtThePartOfABlockThatIsWanted) {
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

/// The stream fails behind its work, of which nobody knows that it is done.
void fail_behind_work(const Stream& stream) {
  clFinish(stream.get());  // PoCL 3.1 aborts when a launch fails with what came before it
  Gate gate(stream);
  const Event event = stream.record();
  gate.fail(CL_OUT_OF_RESOURCES);
  EXPECT_THROW(event.synchronize(), CommandError);
}

TEST_F(MemoryPoolOrder, ABlockOfAFailedStreamDoesNotMakeAnotherStreamFail) {
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

TEST_F(MemoryPoolOrder, ABlockOfAFailedStreamIsNotTakenThoughTheStreamComesAfterItsUse) {
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

TEST_F(MemoryPoolOrder, ABlockWhoseNativeHandleWasLentIsNotHandedOutAgain) {
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

TEST_F(MemoryPoolFailure, AnswersZeroBytesWithAnEmptyBuffer) {
  MemoryPool pool(context());
  const Stream stream(context());
  const Buffer buffer = pool.allocate(stream, 0);
  EXPECT_EQ(buffer.get(), nullptr);
  EXPECT_EQ(buffer.nbytes(), 0u);
  EXPECT_EQ(buffer.context(), context());
  EXPECT_EQ(pool.statistics().allocations(), 0u);
}

TEST_F(MemoryPoolFailure, RefusesAStreamOfAnotherContext) {
  MemoryPool pool(context());
  const Stream stream(test::other_context());
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(pool.allocate(stream, 4)); }),
               "[MemoryPool::allocate]", "another context", "MemoryPool::of");
}

TEST_F(MemoryPoolFailure, RefusesWhatNoDeviceHasAndKeepsWhatIsCached) {
  MemoryPool pool(context());
  const Stream stream(context());
  static_cast<void>(pool.allocate(stream, kib));
  for (const std::size_t nbytes : {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 60,
                                   context().device().global_memory() + 1}) {
    const auto error =
        caught<OutOfMemory>([&] { static_cast<void>(pool.allocate(stream, nbytes)); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), CL_MEM_OBJECT_ALLOCATION_FAILURE);
    expect_parts(error->what(), "[MemoryPool::allocate]", std::to_string(nbytes) + " bytes",
                 std::to_string(context().device().global_memory()), "0 in use", "1024 cached",
                 "limit is none");
  }
  EXPECT_EQ(pool.statistics().cached, kib);
  EXPECT_EQ(pool.statistics().allocations(), 1u);
}

TEST_F(MemoryPoolFailure, AtTheLimitTellsTheFiguresAndGoesOnOnceThereIsRoom) {
  MemoryPool pool(context(), {.limit_nbytes = 4 * kib});
  const Stream stream(context());
  std::optional<Buffer> large = pool.allocate(stream, 3 * kib);
  static_cast<void>(pool.allocate(stream, kib));
  const auto error = caught<OutOfMemory>([&] { static_cast<void>(pool.allocate(stream, 1025)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->call(), "MemoryPool::allocate");
  expect_parts(error->what(), "1025 bytes", "3072 in use", "1024 cached", "limit is 4096 bytes",
               "raise the limit");
  EXPECT_EQ(pool.statistics().cached, kib);
  large.reset();
  EXPECT_EQ(pool.allocate(stream, 4 * kib).nbytes(), 4 * kib);
  EXPECT_THROW(static_cast<void>(pool.allocate(stream, 4 * kib + 1)), OutOfMemory);
}

TEST_F(MemoryPoolFailure, AtTheLimitReleasesOnlyWhatIsNeededAndWhatLayLongestFirst) {
  MemoryPool pool(context(), {.limit_nbytes = 7 * kib});
  const Stream stream(context());
  std::optional<Buffer> a = pool.allocate(stream, kib), b = pool.allocate(stream, 2 * kib),
                        c = pool.allocate(stream, 4 * kib);
  b.reset();
  a.reset();
  const Buffer d = pool.allocate(stream, 1536);
  MemoryPoolStatistics now = pool.statistics();
  EXPECT_EQ(now.released, 1u);
  EXPECT_EQ(now.recoveries, 1u);
  EXPECT_EQ(now.in_use, 4 * kib + 1536);
  EXPECT_EQ(now.cached, kib);
  EXPECT_EQ(now.peak_reserved, 7 * kib);
}

TEST_F(MemoryPoolUse, TakesWholeBlocksUpToTheLimitItself) {
  MemoryPool pool(context(), {.limit_nbytes = 1000});
  const Stream stream(context());
  const Buffer buffer = pool.allocate(stream, 990);
  EXPECT_EQ(pool.statistics().in_use, 1000u);
}

TEST_F(MemoryPoolUse, CountsEachStepExactly) {
  MemoryPool pool(context());
  const Stream stream(context());
  const auto expect = [&](std::size_t in_use, std::size_t cached, std::uint64_t hits,
                          std::uint64_t misses, std::uint64_t released) {
    const MemoryPoolStatistics now = pool.statistics();
    EXPECT_EQ(now.reserved, in_use + cached);
    EXPECT_EQ(now.in_use, in_use);
    EXPECT_EQ(now.cached, cached);
    EXPECT_EQ(now.hits, hits);
    EXPECT_EQ(now.misses, misses);
    EXPECT_EQ(now.allocations(), hits + misses);
    EXPECT_EQ(now.released, released);
    EXPECT_EQ(now.waits, 0u);
    EXPECT_EQ(now.recoveries, 0u);
  };
  expect(0, 0, 0, 0, 0);
  std::optional<Buffer> a = pool.allocate(stream, 600);
  EXPECT_EQ(a->nbytes(), 600u);
  expect(640, 0, 0, 1, 0);
  std::optional<Buffer> b = pool.allocate(stream, 4096);
  expect(640 + 4096, 0, 0, 2, 0);
  std::optional<Buffer> copy = a;
  a.reset();
  expect(640 + 4096, 0, 0, 2, 0);
  copy.reset();
  expect(4096, 640, 0, 2, 0);
  a = pool.allocate(stream, 640);
  expect(640 + 4096, 0, 1, 2, 0);
  a.reset();
  b.reset();
  expect(0, 640 + 4096, 1, 2, 0);
  EXPECT_EQ(pool.trim(), 640u + 4096u);
  expect(0, 0, 1, 2, 2);
  EXPECT_EQ(pool.statistics().peak_in_use, 640u + 4096u);
  EXPECT_EQ(pool.statistics().peak_reserved, 640u + 4096u);
}

TEST_F(MemoryPoolUse, RoundsUpByLessThanAnEighthAndByLessThanTwoMebibytes) {
  MemoryPool pool(context());
  const Stream stream(context());
  const auto block_of = [&](std::size_t nbytes) {
    const Buffer buffer = pool.allocate(stream, nbytes);
    EXPECT_EQ(buffer.nbytes(), nbytes);
    return pool.statistics().in_use;
  };
  EXPECT_EQ(block_of(1), 512u);
  EXPECT_EQ(block_of(512), 512u);
  for (std::size_t power = 512; power <= 64 * mib; power *= 2) {
    for (const std::size_t nbytes : {power, power + 1, power + power / 3, 2 * power - 1}) {
      const std::size_t block = block_of(nbytes);
      EXPECT_GE(block, nbytes);
      EXPECT_LT(block - nbytes, std::min(std::max<std::size_t>(nbytes / 8, 1), 2 * mib)) << nbytes;
      EXPECT_EQ(block_of(block), block) << nbytes;
    }
    EXPECT_EQ(block_of(power), power);
  }
}

TEST_F(MemoryPoolUse, HandsABlockOutForAnySizeOfItsClassAndForNoOther) {
  MemoryPool pool(context());
  const Stream stream(context());
  const cl_mem block = memory(pool.allocate(stream, 1025));
  EXPECT_EQ(memory(pool.allocate(stream, 1152)), block);
  EXPECT_EQ(memory(pool.allocate(stream, 1100)), block);
  EXPECT_NE(memory(pool.allocate(stream, 1153)), block);
  EXPECT_NE(memory(pool.allocate(stream, 1024)), block);
  EXPECT_EQ(pool.statistics().hits, 2u);
}

TEST_F(MemoryPoolUse, KeepsAtMostAsMuchCachedAsItWasTold) {
  MemoryPool pool(context(), {.keep_nbytes = 3 * kib});
  const Stream stream(context());
  std::optional<Buffer> a = pool.allocate(stream, kib), b = pool.allocate(stream, 2 * kib),
                        c = pool.allocate(stream, 2 * kib), d = pool.allocate(stream, 4 * kib);
  const cl_mem newest = memory(*c);
  a.reset();
  b.reset();
  EXPECT_EQ(pool.statistics().cached, 3 * kib);
  EXPECT_EQ(pool.statistics().released, 0u);
  c.reset();  // `a` goes, and as that is not enough `b`
  EXPECT_EQ(pool.statistics().cached, 2 * kib);
  EXPECT_EQ(pool.statistics().released, 2u);
  EXPECT_EQ(memory(pool.allocate(stream, 2 * kib)), newest);
  d.reset();
  EXPECT_EQ(pool.statistics().cached, 0u);
}

TEST_F(MemoryPoolUse, TrimReleasesWhatHasLainLongestAndKeepsTheRest) {
  MemoryPool pool(context());
  const Stream stream(context());
  std::optional<Buffer> a = pool.allocate(stream, kib), b = pool.allocate(stream, 2 * kib),
                        c = pool.allocate(stream, 4 * kib);
  b.reset();
  a.reset();
  EXPECT_EQ(pool.trim(3 * kib), 0u);
  EXPECT_EQ(pool.trim(3 * kib - 1), 2 * kib);
  EXPECT_EQ(pool.statistics().cached, kib);
  EXPECT_EQ(pool.trim(), kib);
  EXPECT_EQ(pool.trim(), 0u);
  EXPECT_EQ(pool.statistics().in_use, 4 * kib);
}

TEST_F(MemoryPoolUse, MayGoBeforeItsBuffers) {
  const Stream stream(context());
  auto pool = std::make_optional<MemoryPool>(context());
  std::optional<Buffer> buffer = pool->allocate(stream, kib), other = pool->allocate(stream, kib);
  const std::array<cl_mem, 3> blocks{memory(*buffer), memory(*other),
                                     memory(pool->allocate(stream, 2 * kib))};
  for (cl_mem block : blocks) ASSERT_EQ(clRetainMemObject(block), CL_SUCCESS);
  pool.reset();
  EXPECT_EQ(references(blocks[0]), 2u);
  EXPECT_EQ(references(blocks[1]), 2u);
  EXPECT_EQ(references(blocks[2]), 1u);
  other.reset();
  EXPECT_EQ(references(blocks[1]), 1u);
  set(stream, *buffer, 7.0f);
  EXPECT_EQ(values(stream, *buffer), std::vector<float>(256, 7.0f));
  buffer.reset();
  EXPECT_EQ(references(blocks[0]), 1u);
  for (cl_mem block : blocks) clReleaseMemObject(block);
}

TEST_F(MemoryPoolUse, OfAContextGoesWithIt) {
  cl_context native = nullptr;
  {
    const Context own(Device::default_device());
    native = own.get();
    ASSERT_EQ(clRetainContext(native), CL_SUCCESS);
    const Stream stream(own);
    MemoryPool& pool = MemoryPool::of(own);
    EXPECT_EQ(&MemoryPool::of(stream.context()), &pool);
    static_cast<void>(Tensor::zeros(stream, {64}));
    EXPECT_EQ(pool.statistics().cached, 512u);
    stream.synchronize();
  }
  cl_uint references = 0;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  do {  // the driver lets go of finished work a little later
    clGetContextInfo(native, CL_CONTEXT_REFERENCE_COUNT, sizeof(references), &references, nullptr);
  } while (references != 1 && std::chrono::steady_clock::now() < limit);
  EXPECT_EQ(references, 1u);
  clReleaseContext(native);
}

TEST_F(MemoryPoolUse, OfTheContextIsWhereTensorsComeFrom) {
  const Stream stream(context());
  MemoryPool& pool = MemoryPool::of(context());
  pool.trim();
  const MemoryPoolStatistics before = pool.statistics();
  { const Tensor tensor = Tensor::full(stream, {256, 1024}, 1.0); }
  const Tensor again = Tensor::empty(stream, {256, 1024});
  const MemoryPoolStatistics after = pool.statistics();
  EXPECT_EQ(after.misses - before.misses, 1u);
  EXPECT_EQ(after.hits - before.hits, 1u);
  EXPECT_EQ(after.in_use - before.in_use, mib);
}

TEST_F(MemoryPoolThreads, KeepTheirNumbersWhileBlocksGoRoundBetweenStreams) {
  constexpr int threads = 16, rounds = 60;
  constexpr std::array<std::size_t, 3> sizes{4 * kib, 5 * kib, 16 * kib};
  MemoryPool pool(context(), {.limit_nbytes = threads * 2 * sizes.back()});
  StreamPool streams(context(), {.size = 5});
  test::on_threads(threads, [&](int thread) {
    std::minstd_rand random(static_cast<unsigned>(thread) + 1);
    for (int round = 0; round < rounds; ++round) {
      const Stream stream = streams.get();
      const float value = static_cast<float>(thread * rounds + round);
      const Buffer first = pool.allocate(stream, sizes[random() % sizes.size()]);
      set(stream, first, value);
      const std::size_t nbytes = first.nbytes();
      const Stream next = streams.get();
      const Buffer second = pool.allocate(next, nbytes);
      copy(next, first, Tensor::from_buffer(second, {std::int64_t(nbytes / sizeof(float))}));
      if (round % 4 != 0) continue;
      ASSERT_EQ(values(next, second), std::vector<float>(nbytes / sizeof(float), value));
    }
  });
  const MemoryPoolStatistics after = pool.statistics();
  EXPECT_EQ(after.allocations(), 2u * threads * rounds);
  EXPECT_EQ(after.in_use, 0u);
  EXPECT_GT(after.hits, after.misses);
  EXPECT_LE(after.peak_reserved, threads * 2 * sizes.back());
}

TEST_F(MemoryPoolThreads, MayGiveBackWhatOthersAllocated) {
  MemoryPool pool(context());
  const Stream stream(context());
  std::vector<Buffer> buffers;
  for (int i = 0; i < 64; ++i) buffers.push_back(pool.allocate(stream, kib));
  test::on_threads(8, [&](int thread) {
    for (int i = 0; i < 8; ++i) {
      const Buffer last =
          std::exchange(buffers[static_cast<std::size_t>(thread * 8 + i)], Buffer(context(), 0));
    }
  });
  EXPECT_EQ(pool.statistics().cached, 64 * kib);
  EXPECT_EQ(pool.statistics().in_use, 0u);
}

}  // namespace
}  // namespace dovetail
