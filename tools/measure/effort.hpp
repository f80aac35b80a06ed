// SPDX-License-Identifier: Apache-2.0
// How long, and how often, something is timed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace dovetail::tool {

/// Seconds that one sample takes, about, and how many there are.
struct Effort {
  double seconds;
  std::size_t samples;
};

/// Returns the effort for products, and for the peaks to which they are related.
constexpr Effort product_effort(bool quick) { return quick ? Effort{0.004, 3} : Effort{0.02, 5}; }

/// Returns how many runs make a sample, 1000 at most.
inline int runs_in_sample(double sample_seconds, double run_seconds) {
  return static_cast<int>(std::clamp(sample_seconds / run_seconds, 1.0, 1000.0));
}

/// Seconds since `start`.
inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Calls `run`, which waits for what it starts, for 10 ms and at least once: what ran before, or a
/// pause, leaves caches cold and a processor slow for some milliseconds.
template <typename Run>
void warm_up(const Run& run) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
  do {
    run();
  } while (std::chrono::steady_clock::now() < end);
}

}  // namespace dovetail::tool
