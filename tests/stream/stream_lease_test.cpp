// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_lease.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/failing_queues.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using namespace std::chrono_literals;
using test::context;
using test::expect_parts;
using test::text_thrown;

StreamLeaseStatistics leases_of(const StreamPool& pool) { return pool.statistics().leases; }

/// Returns once `count` callers are blocked in `lease` or `try_lease_for`.
void await_waiting(const StreamPool& pool, std::size_t count) {
  while (leases_of(pool).waiting != count) std::this_thread::yield();
}

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

/// The streams that threads hold at this moment.
class InUse {
 public:
  void enter(const Stream& stream) {
    const std::scoped_lock lock(mutex_);
    EXPECT_TRUE(ids_.insert(stream.id()).second) << "stream " << stream.id() << " is in use";
    for (const Stream& copy : kept_) EXPECT_FALSE(copy == stream) << "a copy is kept";
    most_ = std::max(most_, ids_.size());
  }
  void leave(const Stream& stream, bool keep_copy) {
    const std::scoped_lock lock(mutex_);
    ids_.erase(stream.id());
    if (keep_copy) kept_.push_back(stream);
  }
  std::size_t most() const { return most_; }
  std::size_t kept() const { return kept_.size(); }

 private:
  std::mutex mutex_;
  std::set<std::uint64_t> ids_;
  std::vector<Stream> kept_;
  std::size_t most_ = 0;
};

TEST(StreamLease, StaysExclusiveUnderSixteenThreads) {
  StreamPool pool(context(), {.size = 1, .leases = 3});
  InUse in_use;
  std::atomic<std::uint64_t> granted{0};
  std::atomic<std::uint64_t> timed_out{0};
  test::on_threads(16, [&](int thread) {
    for (int i = 0; i < 100; ++i) {
      const auto lease = i % 4 == 0   ? pool.try_lease()
                         : i % 4 == 1 ? pool.try_lease_for(1us)
                                      : std::optional(pool.lease());
      if (!lease) {
        timed_out += i % 4 == 1 ? 1 : 0;
        continue;
      }
      ++granted;
      in_use.enter(lease->stream());
      std::this_thread::yield();
      in_use.leave(lease->stream(), (i + thread) % 50 == 3);
    }
  });
  EXPECT_LE(in_use.most(), 3u);
  const StreamPoolStatistics now = pool.statistics();
  EXPECT_EQ(now.leases.active, 0u);
  EXPECT_EQ(now.leases.waiting, 0u);
  EXPECT_EQ(now.leases.granted, granted);
  EXPECT_EQ(now.leases.timed_out, timed_out);
  EXPECT_EQ(now.leases.replaced, in_use.kept());
  EXPECT_LE(now.streams_created, 3 + in_use.kept());
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
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(first.stream()); }),
               "[StreamLease::stream]", "moved from", "use the one it was moved to");

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

TEST(StreamLease, WaitersGetItInTheOrderOfTheirCalls) {
  StreamPool pool(context(), {.leases = 1});
  std::optional<StreamLease> held = pool.lease();
  std::mutex mutex;
  std::vector<int> order;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto lease = i % 2 == 0 ? std::optional(pool.lease())
                                      : pool.try_lease_for(std::chrono::nanoseconds::max());
        const std::scoped_lock lock(mutex);
        order.push_back(lease ? i : -1);
      });
      await_waiting(pool, static_cast<std::size_t>(i) + 1);
    }
    EXPECT_EQ(leases_of(pool).granted, 1u);
    held.reset();
  }
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(leases_of(pool).granted, 9u);
  EXPECT_EQ(leases_of(pool).waiting, 0u);
  EXPECT_EQ(pool.statistics().streams_created, 1u);
}

TEST(StreamLease, TryLeaseDoesNotOvertakeAWaiter) {
  StreamPool pool(context(), {.leases = 1});
  std::optional<StreamLease> held = pool.lease();
  std::optional<StreamLease> theirs;
  std::jthread waiter([&] { theirs = pool.lease(); });
  await_waiting(pool, 1);
  held.reset();
  EXPECT_FALSE(pool.try_lease());  // the waiter owns it even before it wakes up
  EXPECT_FALSE(pool.try_lease_for(0ns));
  waiter.join();
  EXPECT_TRUE(theirs);
}

TEST(StreamLease, TimesOutOnTime) {
  StreamPool pool(context(), {.leases = 1});
  const StreamLease held = pool.lease();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(pool.try_lease_for(50ms));
  const auto taken = std::chrono::steady_clock::now() - start;
  EXPECT_GE(taken, 50ms);
  EXPECT_LT(taken, 10s);
  EXPECT_FALSE(pool.try_lease_for(0ns));
  EXPECT_FALSE(pool.try_lease());
  EXPECT_EQ(leases_of(pool).timed_out, 2u);
  EXPECT_EQ(leases_of(pool).waiting, 0u);
  EXPECT_EQ(leases_of(pool).granted, 1u);
}

TEST(StreamLease, SkipsAWaiterThatTimedOut) {
  StreamPool pool(context(), {.leases = 1});
  std::optional<StreamLease> held = pool.lease();
  {
    const auto wait_patiently = [&] { EXPECT_NE(pool.lease()->id(), 0u); };
    const std::jthread before(wait_patiently);
    await_waiting(pool, 1);
    EXPECT_FALSE(pool.try_lease_for(1ms));
    const std::jthread after(wait_patiently);
    await_waiting(pool, 2);
    held.reset();
  }
  EXPECT_EQ(leases_of(pool).active, 0u);
  EXPECT_EQ(leases_of(pool).granted, 3u);
  EXPECT_EQ(leases_of(pool).timed_out, 1u);
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

TEST(StreamLease, WaiterGetsAFreshStreamForAKeptOne) {
  StreamPool pool(context(), {.leases = 1});
  std::optional<StreamLease> held = pool.lease();
  const Stream copy = held->stream();
  std::jthread waiter([&] { EXPECT_NE(pool.lease()->id(), copy.id()); });
  await_waiting(pool, 1);
  held.reset();
  waiter.join();
  EXPECT_EQ(leases_of(pool).replaced, 1u);
  EXPECT_EQ(pool.statistics().streams_created, 2u);
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

TEST(StreamLease, GoesToTheNextWaiterWhenTheDriverRefusesAQueue) {
  StreamPool pool(context(), {.leases = 1});
  std::optional<StreamLease> held = pool.lease();
  const Stream copy = held->stream();  // so that whoever waits needs a queue of its own
  std::jthread refused([&] { EXPECT_THROW(static_cast<void>(pool.lease()), OpenCLError); });
  await_waiting(pool, 1);
  std::jthread served([&] { EXPECT_NE(pool.lease()->id(), copy.id()); });
  await_waiting(pool, 2);
  const test::FailingQueues refused_once(1);
  held.reset();
  refused.join();
  served.join();
  EXPECT_EQ(leases_of(pool).granted, 2u);
  EXPECT_EQ(leases_of(pool).active, 0u);
}

TEST(StreamLease, PoolWithoutLeasesRefusesIt) {
  StreamPool pool(context(), {.leases = 0});
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(pool.lease()); }),
               "[StreamPool::lease]", "leases = 0", "at least 1");
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(pool.try_lease()); }),
               "[StreamPool::try_lease]", "leases = 0");
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(pool.try_lease_for(1s)); }),
               "[StreamPool::try_lease_for]", "leases = 0");
}

TEST(StreamLease, RefusesATimeoutBelowZero) {
  StreamPool pool(context(), {.leases = 1});
  expect_parts(text_thrown<InvalidArgument>([&] { static_cast<void>(pool.try_lease_for(-5ms)); }),
               "[StreamPool::try_lease_for]", "-5000000ns", "0 or more");
  EXPECT_EQ(leases_of(pool).granted, 0u);
  EXPECT_EQ(leases_of(pool).timed_out, 0u);
}

}  // namespace
}  // namespace dovetail
