// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/memory_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "dovetail/stream/stream_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/memory_pool_work.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::context;
using test::kib;
using test::memory;
using test::mib;
using test::references;

using MemoryPoolUse = test::MemoryPoolWork;
using MemoryPoolThreads = test::MemoryPoolWork;

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
  auto copy = std::make_unique<const Buffer>(*a);  // GCC 13 takes an optional for uninitialised
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

TEST_F(MemoryPoolUse, ReusesABlockForSizesOfItsClassOnly) {
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

TEST_F(MemoryPoolUse, TrimReleasesTheOldestAndKeepsTheRest) {
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

TEST_F(MemoryPoolUse, BuffersOutliveThePool) {
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

TEST_F(MemoryPoolUse, ContextDestroysItsPool) {
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
  do {  // the driver releases finished work a little later
    clGetContextInfo(native, CL_CONTEXT_REFERENCE_COUNT, sizeof(references), &references, nullptr);
  } while (references != 1 && std::chrono::steady_clock::now() < limit);
  EXPECT_EQ(references, 1u);
  clReleaseContext(native);
}

TEST_F(MemoryPoolUse, TensorsComeFromTheContextsPool) {
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

TEST_F(MemoryPoolThreads, KeepTheirValuesWhileBlocksMoveBetweenStreams) {
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

TEST_F(MemoryPoolThreads, FreeWhatOthersAllocated) {
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
