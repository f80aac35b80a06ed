// The counters behind the layer: one per entry point, counted up by any number of threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "call_counts.h"
#include "entry_points.hpp"

namespace dovetail::layer {

/// What one call adds to its entry point's counter.
struct Call {
  std::uint64_t nanoseconds;
  std::uint64_t bytes;
  std::uint64_t wait_list_events;
  std::uint64_t events;
  bool failed;
};

/// Counts one call. Thread-safe and lock-free: relaxed atomics, mostly on lines of one thread.
void count(EntryPoint entry_point, const Call& call) noexcept;

/// The counts of one entry point, summed over all threads.
[[nodiscard]] dovetail_call_count counted(EntryPoint entry_point) noexcept;

}  // namespace dovetail::layer
