// SPDX-License-Identifier: Apache-2.0
// Many callers that want a lease: who gets it, in which order, who times out.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream_lease.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/failing_queues.hpp"
#include "tests/support/stream_leases.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using namespace std::chrono_literals;
using test::await_waiting;
using test::context;
using test::expect_throws;
using test::leases_of;

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

TEST(StreamLease, RefusesATimeoutBelowZero) {
  StreamPool pool(context(), {.leases = 1});
  expect_throws<InvalidArgument>([&] { static_cast<void>(pool.try_lease_for(-5ms)); },
                                 "[StreamPool::try_lease_for]", "-5000000ns", "0 or more");
  EXPECT_EQ(leases_of(pool).granted, 0u);
  EXPECT_EQ(leases_of(pool).timed_out, 0u);
}

}  // namespace
}  // namespace dovetail
