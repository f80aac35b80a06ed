// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_pool.hpp"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/failing_queues.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

TEST(StreamPool, GivesItsStreamsRoundRobin) {
  StreamPool pool(context(), {.size = 3});
  ASSERT_EQ(pool.size(), 3u);
  EXPECT_EQ(pool.context(), context());
  std::vector<Stream> given;
  for (int i = 0; i < 7; ++i) given.push_back(pool.get());
  const std::set<std::uint64_t> ids{given[0].id(), given[1].id(), given[2].id()};
  EXPECT_EQ(ids.size(), 3u);
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(given[i], given[i % 3]);
    EXPECT_EQ(given[i], pool.get(i % 3));
  }
}

TEST(StreamPool, KeepsItsDefaultStreamApart) {
  StreamPool pool(context(), {.size = 2});
  const Stream first = pool.default_stream();
  EXPECT_EQ(pool.default_stream(), first);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FALSE(pool.get() == first);
  for (std::size_t i = 0; i < pool.size(); ++i) EXPECT_FALSE(pool.get(i) == first);
}

TEST(StreamPool, HasThirtyOneStreamsByDefault) {
  EXPECT_EQ(StreamPool(context()).size(), 31u);
  EXPECT_EQ(&StreamPool::default_pool(), &StreamPool::default_pool());
  EXPECT_EQ(StreamPool::default_pool().size(), 31u);
}

TEST(StreamPool, RefusesSizeZero) {
  expect_throws<InvalidArgument>([] { StreamPool pool(context(), {.size = 0}); }, "[StreamPool]",
                                 "size 0", "at least 1");
}

TEST(StreamPool, RefusesAnIndexThatIsNotBelowItsSize) {
  StreamPool pool(context(), {.size = 4});
  EXPECT_NO_THROW(static_cast<void>(pool.get(3)));
  expect_throws<InvalidArgument>([&] { static_cast<void>(pool.get(4)); }, "[StreamPool::get]",
                                 "index 4", "4 streams", "give one below 4");
}

TEST(StreamPool, MakesItsQueuesOnlyWhenTheyAreAskedFor) {
  const auto references = [] {
    cl_uint count = 0;  // each queue holds a reference to its context
    clGetContextInfo(context().get(), CL_CONTEXT_REFERENCE_COUNT, sizeof(count), &count, nullptr);
    return count;
  };
  const cl_uint before = references();
  {
    const Stream probe(context());
    if (references() == before) GTEST_SKIP() << "this driver's queues do not count as references";
  }
  StreamPool pool(context(), {.size = 64});
  const cl_uint after_making = references();
  static_cast<void>(pool.get());
  const cl_uint after_one = references();
  EXPECT_EQ(after_making, before);
  EXPECT_EQ(after_one, before + 1);
}

TEST(StreamPool, PassesItsOptionsOn) {
  StreamPool pool(context(), {.size = 1, .stream = {.profiling = true}});
  EXPECT_TRUE(pool.get().has_profiling());
  EXPECT_TRUE(pool.default_stream().has_profiling());
}

TEST(StreamPool, ServesEightThreadsAtOnce) {
  StreamPool pool(context(), {.size = 5});
  std::mutex mutex;
  std::map<std::uint64_t, int> times;
  test::on_threads(8, [&](int) {
    for (int i = 0; i < 50; ++i) {
      const Stream stream = pool.get();
      const std::scoped_lock lock(mutex);
      ++times[stream.id()];
    }
  });
  ASSERT_EQ(times.size(), 5u);
  for (const auto& [id, count] : times) EXPECT_EQ(count, 8 * 50 / 5) << "stream " << id;
}

TEST(StreamPool, CountsGetsAndStreamsCreated) {
  StreamPool pool(context(), {.size = 3, .leases = 2});
  const StreamPoolStatistics before = pool.statistics();
  EXPECT_EQ(before.gets, 0u);
  EXPECT_EQ(before.streams_created, 0u);
  EXPECT_EQ(before.attached_threads, std::vector<std::size_t>(3, 0));
  EXPECT_EQ(before.shared_streams, 0u);
  EXPECT_EQ(before.leases.granted, 0u);

  for (int i = 0; i < 2; ++i) static_cast<void>(pool.get());
  EXPECT_EQ(pool.statistics().gets, 2u);
  EXPECT_EQ(pool.statistics().streams_created, 2u);
  for (int i = 0; i < 5; ++i) static_cast<void>(pool.get());
  static_cast<void>(pool.get(0));
  static_cast<void>(pool.default_stream());
  const StreamLease lease = pool.lease();
  const StreamPoolStatistics now = pool.statistics();
  EXPECT_EQ(now.gets, 7u);
  EXPECT_EQ(now.streams_created, 3u + 1 + 1);
  EXPECT_EQ(now.leases.active, 1u);
  EXPECT_EQ(now.leases.granted, 1u);
  EXPECT_EQ(now.leases.waiting, 0u);
  EXPECT_EQ(now.leases.timed_out, 0u);
  EXPECT_EQ(now.leases.replaced, 0u);
}

TEST(StreamPool, CountsExactlyUnderEightThreads) {
  StreamPool pool(context(), {.size = 5});
  test::on_threads(8, [&](int) {
    for (int i = 0; i < 50; ++i) {
      static_cast<void>(pool.get());
      EXPECT_LE(pool.statistics().gets, 8u * 50);
    }
  });
  EXPECT_EQ(pool.statistics().gets, 8u * 50);
  EXPECT_EQ(pool.statistics().streams_created, 5u);
}

TEST(StreamPool, MakesAStreamOnceHoweverManyThreadsAskForIt) {
  for (int i = 0; i < 50; ++i) {
    StreamPool pool(context(), {.size = 1});
    test::on_threads(4, [&](int) { EXPECT_EQ(pool.get(), pool.get(0)); });
    EXPECT_EQ(pool.statistics().streams_created, 1u);
  }
}

TEST(StreamPool, RecoversAfterTheDriverRefusedAQueue) {
  StreamPool pool(context(), {.size = 1});
  const test::FailingQueues refused_once(1);
  EXPECT_THROW(static_cast<void>(pool.get()), OpenCLError);
  EXPECT_EQ(pool.statistics().streams_created, 0u);
  pool.get().synchronize();
  EXPECT_EQ(pool.statistics().streams_created, 1u);
}

}  // namespace
}  // namespace dovetail
