// SPDX-License-Identifier: Apache-2.0
// Waits of the host for work on the device.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "lib/stream/submit/marker.hpp"

namespace dovetail::detail {

struct StreamState;

/// Has one of the threads that ask at once wait for all who asked before it began. Thread-safe.
class HostWait {
 public:
  /// Calls `wait()` unless another thread's, begun after this call, has succeeded meanwhile.
  /// Returns false once `deadline` has passed while others wait.
  template <typename Wait>
  bool join(const Deadline& deadline, const Wait& wait) {
    std::unique_lock lock(mutex_);
    const std::uint64_t mine = ++asked_;
    const auto may_go_on = [&] { return served_ >= mine || !has_leader_; };
    if (!deadline) {
      changed_.wait(lock, may_go_on);
    } else if (!changed_.wait_until(lock, *deadline, may_go_on)) {
      return false;
    }
    if (served_ >= mine) return true;
    has_leader_ = true;
    Leader leader{*this, 0};  // unless it succeeds, the next in the line asks for itself
    const std::uint64_t all = asked_;
    lock.unlock();
    wait();
    leader.served = all;
    return true;
  }

  /// Counts the calls of `join`.
  std::uint64_t asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  struct Leader {
    HostWait& all;
    std::uint64_t served;
    ~Leader() {
      const std::scoped_lock lock(all.mutex_);
      all.served_ = std::max(all.served_, served);
      all.has_leader_ = false;
      all.changed_.notify_all();
    }
  };

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t asked_ = 0, served_ = 0;
  bool has_leader_ = false;
};

/// Takes note of how `marker` ended.
/// @param producer  The marker's stream; null for somebody else's event.
/// @throws CommandError  it failed.
void take_note(const Marker& marker, StreamState* producer, cl_int status,
               std::string_view function);

/// Waits for `marker` on the host, and takes note of the outcome.
/// @param producer  The marker's stream; null for somebody else's event.
/// @throws CommandError  it failed.
/// @throws TimedOut      `deadline` passed first.
void synchronize_with(const MarkerHandle& marker, StreamState* producer, const Deadline& deadline,
                      std::string_view function);

/// Throws TimedOut with a dump of all streams. `waiting` may be null.
[[noreturn]] void throw_timed_out(std::string_view function, const StreamState* waiting);

}  // namespace dovetail::detail
