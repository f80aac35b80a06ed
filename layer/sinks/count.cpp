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

constexpr std::array fields{&dovetail_call_count::calls,
                            &dovetail_call_count::failures,
                            &dovetail_call_count::nanoseconds,
                            &dovetail_call_count::bytes,
                            &dovetail_call_count::wait_list_events,
                            &dovetail_call_count::events};

struct alignas(cache_line) Counter {
  std::array<std::atomic<std::uint64_t>, fields.size()> sums{};
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

}  // namespace

void Count::count(const Call& call) noexcept {
  Counter& counter = shard_of_this_thread()[static_cast<std::size_t>(call.entry_point)];
  const std::array<std::uint64_t, fields.size()> values{
      1, call.failed ? 1U : 0U, call.nanoseconds, call.bytes, call.wait_list_events, call.events};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (values[i] != 0) counter.sums[i].fetch_add(values[i], std::memory_order_relaxed);
  }
}

dovetail_call_count counted(EntryPoint entry_point) noexcept {
  const auto index = static_cast<std::size_t>(entry_point);
  dovetail_call_count sum{entry_point_names[index], 0, 0, 0, 0, 0, 0};
  for (const Shard& shard : shards) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      sum.*fields[i] += shard[index].sums[i].load(std::memory_order_relaxed);
    }
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
