// SPDX-License-Identifier: Apache-2.0
// What a stream counts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dovetail/stream/stream_statistics.hpp"

namespace dovetail::detail {

class StreamCounters {
 public:
  /// For the holder of the stream's `submit_mutex`, who alone counts verdicts.
  void count(Verdict verdict) noexcept {
    auto& count = verdicts_[static_cast<std::size_t>(verdict)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void count_marker() noexcept { markers_.fetch_add(1, std::memory_order_relaxed); }
  void count_host_wait() noexcept { host_waits_.fetch_add(1, std::memory_order_relaxed); }

  StreamStatistics statistics(std::uint64_t commands) const noexcept {
    StreamStatistics now;
    now.commands = commands;
    for (std::size_t i = 0; i < verdict_count; ++i) {
      now.verdicts[i] = verdicts_[i].load(std::memory_order_relaxed);
    }
    now.markers = markers_.load(std::memory_order_relaxed);
    now.host_waits = host_waits_.load(std::memory_order_relaxed);
    return now;
  }

 private:
  std::array<std::atomic<std::uint64_t>, verdict_count> verdicts_{};
  std::atomic<std::uint64_t> markers_{0}, host_waits_{0};
};

}  // namespace dovetail::detail
