// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace dovetail::tool {

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
