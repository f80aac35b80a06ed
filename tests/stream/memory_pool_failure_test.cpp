// SPDX-License-Identifier: Apache-2.0
// What a memory pool refuses, at its limit and beyond the device, and what it keeps then.
#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <optional>
#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/memory_pool_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::expect_throws;
using test::kib;
using test::mib;

using MemoryPoolFailure = test::MemoryPoolWork;

TEST_F(MemoryPoolFailure, AnswersZeroBytesWithAnEmptyBuffer) {
  MemoryPool pool(context());
  const Stream stream(context());
  const Buffer buffer = pool.allocate(stream, 0);
  EXPECT_EQ(buffer.lend(), nullptr);
  EXPECT_EQ(buffer.nbytes(), 0u);
  EXPECT_EQ(buffer.context(), context());
  EXPECT_EQ(pool.statistics().allocations(), 0u);
}

// A thread of the parent may have held a lock at the fork.
TEST_F(MemoryPoolFailure, ForkedChildLeavesThePoolAlone) {
  std::optional<MemoryPool> pool(std::in_place, context());
  const Stream stream(context());
  static_cast<void>(pool->allocate(stream, kib));
  std::optional<Buffer> buffer = pool->allocate(stream, kib), other = pool->allocate(stream, mib);
  const auto contexts_references = [native = context().get()] {
    cl_uint count = 0;
    clGetContextInfo(native, CL_CONTEXT_REFERENCE_COUNT, sizeof(count), &count, nullptr);
    return "references " + std::to_string(count);
  };
  const auto state = [&] {
    const MemoryPoolStatistics now = pool->statistics();
    return "in use " + std::to_string(now.in_use) + ", cached " + std::to_string(now.cached) +
           ", released " + std::to_string(now.released);
  };
  const std::string before = state();
  const auto child = test::run_in_fork([&] {
    buffer.reset();
    const std::string after = state();
    pool.reset();
    other.reset();  // the pool's last
    return after + ", " + contexts_references();
  });
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.text, before + ", " + contexts_references());
}

TEST_F(MemoryPoolFailure, RefusesAStreamOfAnotherContext) {
  MemoryPool pool(context());
  const Stream stream(test::other_context());
  expect_throws<InvalidArgument>([&] { static_cast<void>(pool.allocate(stream, 4)); },
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

TEST_F(MemoryPoolFailure, ReportsTheFiguresAtTheLimitAndRecovers) {
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

TEST_F(MemoryPoolFailure, ReleasesOnlyTheOldestThatTheLimitNeeds) {
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

}  // namespace
}  // namespace dovetail
