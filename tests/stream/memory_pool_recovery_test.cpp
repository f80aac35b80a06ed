// SPDX-License-Identifier: Apache-2.0
// What happens when the driver itself has no memory left.
#include <gtest/gtest.h>

#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/failing_call.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::MemoryCall;
using test::OutOfMemoryCalls;

constexpr std::size_t kib = 1024;

cl_mem memory(const Buffer& buffer) { return detail::handle_of(buffer).memory; }

TEST(MemoryPoolRecovery, ReleasesWhatIsCachedAndTriesOnceMore) {
  MemoryPool pool(context());
  const Stream stream(context());
  static_cast<void>(pool.allocate(stream, kib));
  static_cast<void>(pool.allocate(stream, 2 * kib));
  const OutOfMemoryCalls failing(MemoryCall::create_buffer, 1);
  const Buffer buffer = pool.allocate(stream, 4 * kib);
  EXPECT_EQ(failing.left(), 0);
  const MemoryPoolStatistics after = pool.statistics();
  EXPECT_EQ(after.reserved, 4 * kib);
  EXPECT_EQ(after.released, 2u);
  EXPECT_EQ(after.recoveries, 1u);
  EXPECT_EQ(after.misses, 3u);
}

TEST(MemoryPoolRecovery, ThrowsTheFiguresAfterTheSecondTry) {
  MemoryPool pool(context());
  const Stream stream(context());
  const Buffer used = pool.allocate(stream, 2 * kib);
  static_cast<void>(pool.allocate(stream, kib));
  {
    const OutOfMemoryCalls failing(MemoryCall::create_buffer, 3);
    const auto error =
        caught<OutOfMemory>([&] { static_cast<void>(pool.allocate(stream, 4 * kib)); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), CL_MEM_OBJECT_ALLOCATION_FAILURE);
    EXPECT_EQ(error->call(), "clCreateBuffer");
    expect_parts(error->what(), "[MemoryPool::allocate]", "4096 bytes", "2048 in use", "0 cached");
    EXPECT_EQ(failing.left(), 1);
    EXPECT_THROW(static_cast<void>(pool.allocate(stream, 4 * kib)), OutOfMemory);
    EXPECT_EQ(failing.left(), 0) << "a second try, though nothing was released";
  }
  EXPECT_EQ(pool.statistics().in_use, 2 * kib);
  EXPECT_EQ(pool.statistics().reserved, 2 * kib);
  EXPECT_EQ(pool.allocate(stream, 4 * kib).nbytes(), 4 * kib);
}

TEST(MemoryPoolRecovery, PrefersAWaitToReleasingWhatIsCached) {
  MemoryPool pool(context());
  const Stream held(context()), stream(context());
  const Kernel kernel = test::multiply_add_kernel();
  static_cast<void>(pool.allocate(stream, 2 * kib));
  test::Gate gate(held);
  std::optional<Buffer> first = pool.allocate(held, kib);
  const cl_mem block = memory(*first);
  kernel.launch(held, NDRange({256}), *first, 0.0f, 1.0f);
  first.reset();
  const OutOfMemoryCalls failing(MemoryCall::create_buffer, 1);
  const Buffer second = pool.allocate(stream, kib);
  EXPECT_EQ(memory(second), block);
  EXPECT_EQ(pool.statistics().waits, 1u);
  EXPECT_EQ(pool.statistics().released, 0u);
}

/// Caches blocks in the context's own pool.
class FullContext : public testing::Test {
 protected:
  void SetUp() override {
    pool.trim();
    static_cast<void>(pool.allocate(stream, 64 * kib));
  }
  Stream stream{context()};
  MemoryPool& pool = MemoryPool::of(context());
};

TEST_F(FullContext, GivesWayToABufferThatIsNotFromThePool) {
  const OutOfMemoryCalls failing(MemoryCall::create_buffer, 1);
  const Buffer buffer(context(), kib);
  EXPECT_NE(memory(buffer), nullptr);
  EXPECT_EQ(pool.statistics().cached, 0u);
}

TEST_F(FullContext, GivesWayToALaunchThatFindsNoRoom) {
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::zeros(stream, {100});
  const OutOfMemoryCalls failing(MemoryCall::launch, 1);
  kernel.launch(stream, NDRange({100}), data, 1.0f, 3.0f);
  EXPECT_EQ(failing.left(), 0);
  EXPECT_EQ(pool.statistics().cached, 0u);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(100, 3.0f));
}

TEST_F(FullContext, GivesWayToAFillThatFindsNoRoom) {
  const OutOfMemoryCalls failing(MemoryCall::fill, 1);
  const Tensor data = Tensor::full(stream, {100}, 5.0);
  EXPECT_EQ(failing.left(), 0);
  EXPECT_EQ(pool.statistics().cached, 0u);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(100, 5.0f));
}

TEST_F(FullContext, SecondLaunchWithoutRoomThrowsOutOfMemory) {
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::zeros(stream, {100});
  {
    const OutOfMemoryCalls failing(MemoryCall::launch, 2);
    EXPECT_THROW(kernel.launch(stream, NDRange({100}), data, 1.0f, 3.0f), OutOfMemory);
    EXPECT_EQ(failing.left(), 0);
  }
  const OutOfMemoryCalls failing(MemoryCall::launch, 1);
  EXPECT_THROW(kernel.launch(stream, NDRange({100}), data, 1.0f, 3.0f), OutOfMemory);
}

}  // namespace
}  // namespace dovetail
