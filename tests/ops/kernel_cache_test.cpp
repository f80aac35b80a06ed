// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/common/kernel_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/support/contexts.hpp"
#include "tests/support/threads.hpp"

namespace dovetail::detail {
namespace {

enum class Key : int {};

TEST(KernelCache, MakesEachKeyOnceUntilTheVersionChanges) {
  KernelCache<Key, std::string> cache;
  int made = 0;
  const auto get = [&](int key, std::uint64_t version) {
    return *cache.get(
        Key(key), [&] { return std::to_string(key) + "#" + std::to_string(++made); }, version);
  };
  EXPECT_EQ(get(1, 0), "1#1");
  EXPECT_EQ(get(9, 0), "9#2");  // of the same shard
  EXPECT_EQ(get(1, 0), "1#1");
  EXPECT_EQ(get(1, 1), "1#3");
  EXPECT_EQ(get(9, 1), "9#4");
}

TEST(KernelCache, KeepsWhatIsInUseWhenItForgets) {
  KernelCache<Key, std::string> cache;
  const auto first = cache.get(Key(0), [] { return std::string("first"); });
  for (int i = 1; i <= 20000; ++i) cache.get(Key(i), [] { return std::string(); });
  EXPECT_EQ(*first, "first");
  EXPECT_EQ(*cache.get(Key(0), [] { return std::string("second"); }), "second") << "it only grows";
}

TEST(KernelCache, GivesThreadsThatMeetOneObject) {
  for (int round = 0; round < 50; ++round) {
    KernelCache<Key, int> cache;
    std::array<std::shared_ptr<const int>, 8> got;
    std::atomic<int> made = 0;
    test::on_threads(
        8, [&](int i) { got[std::size_t(i)] = cache.get(Key(3), [&] { return ++made; }); });
    for (const auto& each : got) EXPECT_EQ(each, got[0]);
  }
}

TEST(KernelCache, BelongsToTheContext) {
  using Cache = KernelCache<Key, long>;
  EXPECT_EQ(&Cache::of(test::context()), &Cache::of(test::context()));
  EXPECT_NE(&Cache::of(test::context()), &Cache::of(test::other_context()));
}

TEST(KernelCache, HoldsNothingThatFailedToBeMade) {
  KernelCache<Key, int> cache;
  EXPECT_THROW(cache.get(Key(1), []() -> int { throw 5; }), int);
  EXPECT_EQ(*cache.get(Key(1), [] { return 6; }), 6);
}

}  // namespace
}  // namespace dovetail::detail
