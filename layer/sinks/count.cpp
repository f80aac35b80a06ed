// SPDX-License-Identifier: Apache-2.0
// Sharded counters: what the layer adds to a call must not itself serialise dispatch.
#include "layer/sinks/count.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <type_traits>

namespace dovetail::layer {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t shard_count = 16;

struct alignas(cache_line) Counter {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> nanoseconds{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> wait_list_events{0};
  std::atomic<std::uint64_t> events{0};
};

using Shard = std::array<Counter, entry_point_count>;

// Constant-initialised and never destroyed, so calls made late in process exit still count.
constinit std::array<Shard, shard_count> shards{};
static_assert(std::is_trivially_destructible_v<Shard>);

// Two threads on one shard are still counted exactly; they only share cache lines.
Shard& shard_of_this_thread() noexcept {
  static constinit std::atomic<std::size_t> next{0};
  thread_local constinit std::size_t mine = shard_count;
  if (mine == shard_count) mine = next.fetch_add(1, std::memory_order_relaxed) % shard_count;
  return shards[mine];
}

void add(std::atomic<std::uint64_t>& counter, std::uint64_t value) noexcept {
  if (value != 0) counter.fetch_add(value, std::memory_order_relaxed);
}

}  // namespace

void Count::count(const Call& call) noexcept {
  Counter& counter = shard_of_this_thread()[static_cast<std::size_t>(call.entry_point)];
  add(counter.calls, 1);
  add(counter.failures, call.failed ? 1 : 0);
  add(counter.nanoseconds, call.nanoseconds);
  add(counter.bytes, call.bytes);
  add(counter.wait_list_events, call.wait_list_events);
  add(counter.events, call.events);
}

dovetail_call_count counted(EntryPoint entry_point) noexcept {
  const auto index = static_cast<std::size_t>(entry_point);
  dovetail_call_count sum{entry_point_names[index], 0, 0, 0, 0, 0, 0};
  for (const Shard& shard : shards) {
    const Counter& counter = shard[index];
    sum.calls += counter.calls.load(std::memory_order_relaxed);
    sum.failures += counter.failures.load(std::memory_order_relaxed);
    sum.nanoseconds += counter.nanoseconds.load(std::memory_order_relaxed);
    sum.bytes += counter.bytes.load(std::memory_order_relaxed);
    sum.wait_list_events += counter.wait_list_events.load(std::memory_order_relaxed);
    sum.events += counter.events.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace dovetail::layer

extern "C" __attribute__((visibility("default"))) std::size_t dovetail_layer_snapshot(
    dovetail_call_count* out, std::size_t capacity) {
  using dovetail::layer::entry_point_count;
  for (std::size_t i = 0; i < std::min(capacity, entry_point_count); ++i) {
    out[i] = dovetail::layer::counted(static_cast<dovetail::layer::EntryPoint>(i));
  }
  return entry_point_count;
}
