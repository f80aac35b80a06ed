// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/current_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <thread>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream_pool.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/failing_queues.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::context;

TEST(CurrentStream, MainThreadUsesTheDefaultStream) {
  EXPECT_EQ(current_stream(), StreamPool::default_pool().default_stream());
  EXPECT_EQ(current_stream().context(), Context::default_context());
}

TEST(CurrentStream, OtherThreadKeepsOnePooledStream) {
  StreamPool& pool = StreamPool::default_pool();
  std::thread([&] {
    const Stream mine = current_stream();
    EXPECT_FALSE(mine == pool.default_stream());
    bool is_pooled = false;
    for (std::size_t i = 0; i < pool.size(); ++i) is_pooled |= pool.get(i) == mine;
    EXPECT_TRUE(is_pooled);
    EXPECT_EQ(current_stream(), mine);
  }).join();
}

/// The streams of `count` threads that are all alive when the last of them gets its stream, and
/// the default pool's statistics at that moment.
struct Crowd {
  std::set<std::uint64_t> ids;
  StreamPoolStatistics statistics;
};

Crowd crowd_of(int count) {
  Crowd crowd;
  std::mutex mutex;
  std::barrier all_attached(count);
  std::barrier all_counted(count);
  test::on_threads(count, [&](int thread) {
    const std::uint64_t id = current_stream().id();
    all_attached.arrive_and_wait();
    {
      const std::scoped_lock lock(mutex);
      crowd.ids.insert(id);
      if (thread == 0) crowd.statistics = StreamPool::default_pool().statistics();
    }
    all_counted.arrive_and_wait();
  });
  return crowd;
}

std::vector<std::size_t> attached_threads() {
  return StreamPool::default_pool().statistics().attached_threads;
}

TEST(CurrentStream, ReturnsToThePoolWhenItsThreadEnds) {
  const std::uint64_t gets = StreamPool::default_pool().statistics().gets;
  std::optional<Stream> first, second;
  std::thread([&] {
    first = current_stream();
    std::vector<std::size_t> expected(31, 0);
    expected[0] = 1;
    EXPECT_EQ(attached_threads(), expected);
  }).join();
  EXPECT_EQ(attached_threads(), std::vector<std::size_t>(31, 0));
  std::thread([&] { second = current_stream(); }).join();
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(StreamPool::default_pool().statistics().gets, gets);
}

TEST(CurrentStream, ThirtyOneLiveThreadsGetOneEach) {
  for (int i = 0; i < 20; ++i) {
    test::on_threads(10, [](int) { static_cast<void>(current_stream()); });
  }
  const Crowd crowd = crowd_of(31);
  EXPECT_EQ(crowd.ids.size(), 31u);
  EXPECT_EQ(crowd.statistics.attached_threads, std::vector<std::size_t>(31, 1));
  EXPECT_EQ(crowd.statistics.shared_streams, 0u);
  EXPECT_EQ(attached_threads(), std::vector<std::size_t>(31, 0));
}

TEST(CurrentStream, ManyThreadsShareStreamsEvenly) {
  Crowd crowd = crowd_of(40);
  EXPECT_EQ(crowd.ids.size(), 31u);
  EXPECT_EQ(crowd.statistics.shared_streams, 9u);
  std::vector<std::size_t> expected(31, 1);
  std::fill_n(expected.begin(), 9, 2);
  EXPECT_EQ(crowd.statistics.attached_threads, expected);
  crowd = crowd_of(62);
  EXPECT_EQ(crowd.statistics.shared_streams, 31u);
  EXPECT_EQ(crowd.statistics.attached_threads, std::vector<std::size_t>(31, 2));
  EXPECT_EQ(StreamPool::default_pool().statistics().shared_streams, 0u);
}

TEST(CurrentStream, PrefersAStreamThatNoLiveThreadHas) {
  std::optional<Stream> first, second, third;
  std::binary_semaphore may_end(0), may_continue(0);
  std::thread one([&] {
    first = current_stream();
    may_continue.release();
    may_end.acquire();
  });
  may_continue.acquire();
  std::jthread([&] { second = current_stream(); }).join();
  std::jthread([&] { third = current_stream(); }).join();
  EXPECT_FALSE(*first == *second);
  EXPECT_EQ(*second, *third);
  may_end.release();
  one.join();
}

TEST(CurrentStream, GuardAttachesNoThread) {
  const Stream stream(context());
  std::thread([&] {
    const StreamGuard guard(stream);
    EXPECT_EQ(current_stream(), stream);
    EXPECT_EQ(attached_threads(), std::vector<std::size_t>(31, 0));
  }).join();
}

TEST(CurrentStream, RecoversAfterTheDriverRefusedAQueue) {
  if (!test::in_child()) {  // where no queue has been made yet
    const auto child = test::run_again_in_child();
    EXPECT_TRUE(child.passed) << child.output;
    return;
  }
  std::thread([] {
    const test::FailingQueues refused_once(1);
    EXPECT_THROW(static_cast<void>(current_stream()), OpenCLError);
    current_stream().synchronize();
    EXPECT_EQ(attached_threads()[0], 1u);
  }).join();
  EXPECT_EQ(attached_threads(), std::vector<std::size_t>(31, 0));
}

/// Calls `action` when the thread, or for an object in static storage the process, ends.
struct AtEnd {
  void (*action)() = nullptr;
  ~AtEnd() { action(); }
};

TEST(CurrentStream, FallsBackToTheDefaultAtThreadExit) {
  static std::optional<Stream> at_end, under_guard, after_guard;
  std::thread([] {
    thread_local const AtEnd probe{[] {  // made before the thread's stream, so destroyed after it
      at_end = current_stream();
      {
        const Stream stream(context());
        const StreamGuard guard(stream);
        under_guard = current_stream();
        EXPECT_EQ(*under_guard, stream);
      }
      after_guard = current_stream();
    }};
    static_cast<void>(probe.action);
    EXPECT_FALSE(current_stream() == StreamPool::default_pool().default_stream());
  }).join();
  EXPECT_EQ(*at_end, StreamPool::default_pool().default_stream());
  EXPECT_EQ(*after_guard, *at_end);
  EXPECT_FALSE(*under_guard == *at_end);
  EXPECT_EQ(attached_threads(), std::vector<std::size_t>(31, 0));
  at_end.reset();
  under_guard.reset();
  after_guard.reset();
}

TEST(CurrentStream, ReturnsToThePoolWhenFirstUsedAtThreadExit) {
  static std::size_t attached = 0;
  std::thread([] {
    thread_local const AtEnd probe{[] {
      static_cast<void>(current_stream());
      attached = attached_threads()[0];
    }};
    static_cast<void>(probe.action);
  }).join();
  EXPECT_EQ(attached, 1u);
  EXPECT_EQ(attached_threads(), std::vector<std::size_t>(31, 0));
}

/// Uses current streams and guards, and ends the process with status 1 if they are wrong.
void use_streams_at_exit() {
  const Stream before = current_stream();
  const Stream stream(context());
  {
    const StreamGuard guard(stream);
    if (!(current_stream() == stream)) std::_Exit(1);
  }
  if (!(current_stream() == before)) std::_Exit(1);
  if (!(before == StreamPool::default_pool().default_stream())) std::_Exit(1);
  stream.synchronize();
}

TEST(CurrentStream, WorksInDestructorsOfStaticObjects) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto end_process = [] {
    static_cast<void>(current_stream());
    static const AtEnd probe{use_streams_at_exit};
    std::exit(7);
  };
  EXPECT_EXIT(end_process(), testing::ExitedWithCode(7), "");
}

TEST(CurrentStream, WorksInAThreadThatEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto end_process = [] {
    static const AtEnd probe{use_streams_at_exit};
    static std::binary_semaphore attached(0);
    std::thread([] {  // is alive to the end
      static_cast<void>(current_stream());
      attached.release();
      std::this_thread::sleep_for(std::chrono::hours(1));
    })
        .detach();
    attached.acquire();
    std::thread([] {
      static_cast<void>(current_stream());
      std::exit(7);
    }).join();
  };
  EXPECT_EXIT(end_process(), testing::ExitedWithCode(7), "");
}

TEST(CurrentStream, GuardsNestAndRestore) {
  const Stream outer_stream(context());
  const Stream inner_stream(context());
  const Stream before = current_stream();
  {
    const StreamGuard outer(outer_stream);
    EXPECT_EQ(current_stream(), outer_stream);
    {
      const StreamGuard inner(inner_stream);
      EXPECT_EQ(current_stream(), inner_stream);
      const StreamGuard again(outer_stream);
      EXPECT_EQ(current_stream(), outer_stream);
    }
    EXPECT_EQ(current_stream(), outer_stream);
  }
  EXPECT_EQ(current_stream(), before);
}

TEST(CurrentStream, GuardEndsWithAnException) {
  const Stream before = current_stream();
  try {
    const StreamGuard guard{Stream(context())};
    EXPECT_FALSE(current_stream() == before);
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(current_stream(), before);
}

// Uses a destroyed stream if the guard only refers to it: the temporary is the only other handle.
TEST(CurrentStream, GuardKeepsItsStreamAlive) {
  const StreamGuard guard{Stream(context())};
  current_stream().synchronize();
}

TEST(CurrentStream, GuardAffectsItsOwnThreadOnly) {
  const Stream guarded(context());
  const StreamGuard guard(guarded);
  test::on_threads(4, [&](int) {
    EXPECT_FALSE(current_stream() == guarded);
    const Stream own(context());
    {
      const StreamGuard inner(own);
      EXPECT_EQ(current_stream(), own);
    }
    EXPECT_FALSE(current_stream() == own);
  });
  EXPECT_EQ(current_stream(), guarded);
}

}  // namespace
}  // namespace dovetail
