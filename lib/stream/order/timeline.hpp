// SPDX-License-Identifier: Apache-2.0
// The numbered work of a stream: its tickets, clock and markers.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "dovetail/stream/point.hpp"
#include "lib/stream/order/clock.hpp"
#include "lib/stream/order/stream_counters.hpp"
#include "lib/stream/order/stream_remains.hpp"
#include "lib/stream/submit/marker.hpp"

namespace dovetail::detail {

/// Knows how far a stream's work is enqueued and done, and what it is ordered after.
///
/// Thread-safe, but for the functions of the submitter: the thread that holds the stream's
/// `submit_mutex`.
class Timeline {
 public:
  struct InsertedWait {
    std::uint64_t from;  ///< The stream's work from this ticket on comes after the marker.
    MarkerHandle marker;
    MarkerHandle barrier;  ///< Kept, since PoCL 3.1 aborts when one fails that nobody keeps.
  };
  struct Covering {
    MarkerHandle marker;
    bool is_new;
  };

  Timeline(std::uint64_t stream, cl_command_queue queue, const StreamRemains& before);

  // For the submitter.
  std::uint64_t next_ticket() const noexcept { return reserved_ + 1; }
  void reserve(std::uint64_t ticket) noexcept { reserved_ = ticket; }
  const ClockSnapshot& clock() const noexcept { return clock_; }
  /// Replaces the clock by one that has learnt of `markers`, behind which `barrier` was enqueued
  /// for the work from ticket `from` on.
  void learn(ClockSnapshot clock, const std::vector<MarkerHandle>& markers,
             const MarkerHandle& barrier, std::uint64_t from);

  /// Every ticket up to this one is on the queue.
  std::uint64_t enqueued() const noexcept { return enqueued_.load(std::memory_order_acquire); }
  void publish(std::uint64_t ticket) noexcept {
    enqueued_.store(ticket, std::memory_order_release);
  }
  /// Every ticket up to this one is known to be done.
  std::uint64_t completed() const noexcept { return completed_.load(std::memory_order_acquire); }
  void note_completion(std::uint64_t ticket);

  ClockSnapshot clock_now() const;
  /// Returns the waits that are not known to be over.
  std::vector<InsertedWait> inserted_waits() const;

  /// Makes a marker behind all that is on the queue now, whoever put it there; does not flush it.
  MarkerHandle new_marker(std::uint64_t epoch);
  /// Returns a flushed marker behind at least `ticket` and, where others enqueue, behind `epoch`.
  /// It is new, and counted, only if the latest one does not do.
  Covering marker_covering(std::uint64_t ticket, std::uint64_t epoch, StreamCounters& counters);

  /// Forgets waits and markers, and takes all work up to `done` for done.
  void restart(std::uint64_t done);

 private:
  const MarkerHandle& make_marker(std::uint64_t epoch);  // `mutex_` is held

  const std::uint64_t stream_;
  const cl_command_queue queue_;
  std::uint64_t reserved_;  // the submitter's
  std::atomic<std::uint64_t> enqueued_, completed_;

  mutable std::mutex mutex_;  // guards what follows, but the submitter reads `clock_` without
  ClockSnapshot clock_;
  MarkerHandle marker_;  // the latest that somebody had to wait for
  std::vector<InsertedWait> inserted_waits_;
};

}  // namespace dovetail::detail
