// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/current_stream.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "dovetail/stream/stream_pool.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::context;

TEST(CurrentStream, OfTheMainThreadIsTheDefaultStream) {
  EXPECT_EQ(current_stream(), StreamPool::default_pool().default_stream());
  EXPECT_EQ(current_stream().context(), Context::default_context());
}

TEST(CurrentStream, OfAnotherThreadIsAPooledOneThatStays) {
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

TEST(CurrentStream, OfTwoThreadsDiffers) {
  std::optional<Stream> first, second;
  std::thread([&] { first = current_stream(); }).join();
  std::thread([&] { second = current_stream(); }).join();
  EXPECT_FALSE(*first == *second);
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

TEST(CurrentStream, AGuardEndsWithAnException) {
  const Stream before = current_stream();
  try {
    const StreamGuard guard{Stream(context())};
    EXPECT_FALSE(current_stream() == before);
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(current_stream(), before);
}

TEST(CurrentStream, AGuardKeepsItsStreamAlive) {
  const StreamGuard guard{Stream(context())};
  current_stream().synchronize();
}

TEST(CurrentStream, AGuardIsItsOwnThreadsAlone) {
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
