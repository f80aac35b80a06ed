// SPDX-License-Identifier: Apache-2.0
// The sink that counts: a counter per entry point, which any number of threads increment.
#pragma once

#include "layer/call_counts.h"
#include "layer/sink.hpp"

namespace dovetail::layer {

struct Count : Sink {
  /// Thread-safe and lock-free: relaxed atomics, mostly on cache lines of one thread.
  static void count(const Call& call) noexcept;

  static void after(const Call& call, const auto& /*arguments*/) noexcept { count(call); }
};

/// Returns the counts of one entry point, summed over all threads.
[[nodiscard]] dovetail_call_count counted(EntryPoint entry_point) noexcept;

}  // namespace dovetail::layer
