// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_lease.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/failing_queues.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/stream_leases.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using namespace std::chrono_literals;
using test::context;
using test::expect_throws;
using test::leases_of;

TEST(StreamLease, HoldsAStreamThatGetNeverReturns) {
  StreamPool pool(context(), {.size = 3, .leases = 2});
  const StreamLease first = pool.lease();
  const StreamLease second = pool.lease();
  std::set<std::uint64_t> ids{first->id(), second->id(), pool.default_stream().id()};
  for (std::size_t i = 0; i < pool.size(); ++i) ids.insert(pool.get().id());
  EXPECT_EQ(ids.size(), 6u);
  EXPECT_EQ(first->context(), context());
}

// A thread of the parent may have held the pool's lock at the fork.
TEST(StreamLease, ForkedChildLeavesItActive) {
  StreamPool pool(context(), {.size = 1, .leases = 1});
  std::optional<StreamLease> lease = pool.lease();
  const auto child = test::run_in_fork([&] {
    lease.reset();
    return std::to_string(leases_of(pool).active);
  });
  EXPECT_TRUE(child.ended) << "the child hangs";
  EXPECT_EQ(child.text, "1");
}

TEST(StreamLease, ReturnsItsStreamWhenDestroyed) {
  StreamPool pool(context(), {.leases = 1});
  std::uint64_t id = 0;
  {
    const StreamLease lease = pool.lease();
    id = lease->id();
    EXPECT_EQ(leases_of(pool).active, 1u);
    EXPECT_FALSE(pool.try_lease());
  }
  EXPECT_EQ(leases_of(pool).active, 0u);
  EXPECT_EQ(pool.lease()->id(), id);
  EXPECT_EQ(leases_of(pool).granted, 2u);
  EXPECT_EQ(leases_of(pool).replaced, 0u);
  EXPECT_EQ(pool.statistics().streams_created, 1u);
}

TEST(StreamLease, TakesAStreamThatIsIdleBeforeItMakesOne) {
  StreamPool pool(context(), {.leases = 4});
  const auto ids_of_three = [&] {
    const StreamLease first = pool.lease();
    const StreamLease second = pool.lease();
    const StreamLease third = pool.lease();
    return std::set{first->id(), second->id(), third->id()};
  };
  const auto ids = ids_of_three();
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids_of_three(), ids);
  EXPECT_EQ(pool.statistics().streams_created, 3u);
}

TEST(StreamLease, MovesWithItsStream) {
  static_assert(!std::is_copy_constructible_v<StreamLease>);
  static_assert(!std::is_copy_assignable_v<StreamLease>);
  static_assert(std::is_nothrow_move_constructible_v<StreamLease>);
  static_assert(std::is_nothrow_move_assignable_v<StreamLease>);
  StreamPool pool(context(), {.leases = 2});
  StreamLease first = pool.lease();
  const std::uint64_t id = first->id();
  StreamLease second = std::move(first);
  EXPECT_EQ(second->id(), id);
  EXPECT_EQ(leases_of(pool).active, 1u);
  // NOLINTNEXTLINE(bugprone-use-after-move)
  expect_throws<InvalidArgument>([&] { static_cast<void>(first.stream()); },
                                 "[StreamLease::stream]", "moved from",
                                 "use the one it was moved to");

  StreamLease third = pool.lease();
  EXPECT_EQ(leases_of(pool).active, 2u);
  third = std::move(second);
  EXPECT_EQ(third->id(), id);
  EXPECT_EQ(leases_of(pool).active, 1u);
  StreamLease& itself = third;
  third = std::move(itself);
  EXPECT_EQ(third->id(), id);
  EXPECT_EQ(leases_of(pool).active, 1u);
  EXPECT_EQ(leases_of(pool).replaced, 0u);
}

TEST(StreamLease, ReturnsItsStreamWithoutWaitingForItsWork) {
  StreamPool pool(context(), {.leases = 1});
  const cl_event user = clCreateUserEvent(context().get(), nullptr);
  std::uint64_t id = 0;
  {
    const StreamLease lease = pool.lease();
    id = lease->id();
    ASSERT_EQ(clEnqueueBarrierWithWaitList(lease->get(), 1, &user, nullptr), CL_SUCCESS);
  }
  const StreamLease next = pool.lease();
  EXPECT_EQ(next->id(), id);
  const Event behind = next->record();
  EXPECT_FALSE(behind.is_done());
  clSetUserEventStatus(user, CL_COMPLETE);
  behind.synchronize();
  clReleaseEvent(user);
}

TEST(StreamLease, ReplacesAStreamThatSomebodyKeeps) {
  StreamPool pool(context(), {.leases = 1});
  const Stream copy = [&] {
    const StreamLease lease = pool.lease();
    return lease.stream();
  }();
  EXPECT_EQ(leases_of(pool).replaced, 1u);
  const Event event = [&] {
    const StreamLease lease = pool.lease();
    EXPECT_FALSE(lease.stream() == copy);
    return lease->record();
  }();
  EXPECT_EQ(leases_of(pool).replaced, 2u);
  EXPECT_NE(pool.lease()->id(), copy.id());
  EXPECT_EQ(leases_of(pool).replaced, 2u);
  EXPECT_EQ(pool.statistics().streams_created, 3u);
  copy.synchronize();
  event.synchronize();
}

TEST(StreamLease, ReusesAStreamWhoseCopyIsGone) {
  StreamPool pool(context(), {.leases = 1});
  std::uint64_t id = 0;
  {
    const StreamLease lease = pool.lease();
    const Stream copy = lease.stream();
    copy.record().synchronize();
    id = copy.id();
  }
  EXPECT_EQ(pool.lease()->id(), id);
  EXPECT_EQ(leases_of(pool).replaced, 0u);
}

TEST(StreamLease, ReplacesAStreamThatSomebodyAdopted) {
  StreamPool pool(context(), {.leases = 1});
  cl_command_queue queue = pool.lease()->get();
  const Stream adopted = Stream::retain(context(), queue);  // while it is idle
  const StreamLease lease = pool.lease();
  EXPECT_FALSE(lease.stream() == adopted);
  EXPECT_EQ(leases_of(pool).replaced, 1u);
}

// Uses freed memory if a lease returns its stream through a pointer to the pool.
TEST(StreamLease, OutlivesItsPool) {
  auto pool = std::make_unique<StreamPool>(context(), StreamPoolOptions{.leases = 3});
  std::optional<StreamLease> first = pool->lease();
  const StreamLease second = pool->lease();
  static_cast<void>(pool->lease());
  pool.reset();
  first->stream().synchronize();
  first.reset();
  second->synchronize();
}

TEST(StreamLease, SucceedsAfterTheDriverRefusedAQueue) {
  StreamPool pool(context(), {.leases = 1});
  const test::FailingQueues refused_once(1);
  EXPECT_THROW(static_cast<void>(pool.lease()), OpenCLError);
  EXPECT_EQ(leases_of(pool).active, 0u);
  EXPECT_EQ(leases_of(pool).granted, 0u);
  EXPECT_TRUE(pool.try_lease());
  EXPECT_EQ(leases_of(pool).granted, 1u);
  EXPECT_EQ(pool.statistics().streams_created, 1u);
}

TEST(StreamLease, PoolWithoutLeasesRefusesIt) {
  StreamPool pool(context(), {.leases = 0});
  expect_throws<InvalidArgument>([&] { static_cast<void>(pool.lease()); }, "[StreamPool::lease]",
                                 "leases = 0", "at least 1");
  expect_throws<InvalidArgument>([&] { static_cast<void>(pool.try_lease()); },
                                 "[StreamPool::try_lease]", "leases = 0");
  expect_throws<InvalidArgument>([&] { static_cast<void>(pool.try_lease_for(1s)); },
                                 "[StreamPool::try_lease_for]", "leases = 0");
}

}  // namespace
}  // namespace dovetail
