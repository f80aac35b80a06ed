// SPDX-License-Identifier: Apache-2.0
// Ends a process that hangs and reports who waits for whom.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "dovetail/stream/stream.hpp"

namespace dovetail::test {

/// Aborts the process if `progress` has not changed for `limit`.
class Watchdog {
 public:
  Watchdog(const std::atomic<std::uint64_t>& progress, std::chrono::seconds limit)
      : thread_([this, &progress, limit] { watch(progress, limit); }) {}
  ~Watchdog() {
    {
      const std::scoped_lock lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch(const std::atomic<std::uint64_t>& progress, std::chrono::seconds limit) {
    std::uint64_t seen = progress;
    auto changed_at = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return is_over_; })) {
      const auto now = std::chrono::steady_clock::now();
      if (progress != seen) {
        seen = progress;
        changed_at = now;
      } else if (now - changed_at > limit) {
        std::fprintf(stderr, "nothing has happened for %lld s:\n%s",
                     static_cast<long long>(limit.count()), dump_streams().c_str());
        std::abort();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace dovetail::test
