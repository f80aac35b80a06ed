// SPDX-License-Identifier: Apache-2.0
// A lock for stretches of some tens of nanoseconds that make no OpenCL call.
#pragma once

#include <atomic>
#include <thread>

namespace dovetail::detail {

/// One byte, and one atomic exchange to take: half the cost of a std::mutex where nobody contends.
class SpinLock {
 public:
  void lock() noexcept {
    while (taken_.exchange(true, std::memory_order_acquire)) {
      for (int i = 0; taken_.load(std::memory_order_relaxed); ++i) {
        if (i > 100) std::this_thread::yield();  // its holder may have lost its core
      }
    }
  }
  void unlock() noexcept { taken_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> taken_{false};
};

}  // namespace dovetail::detail
