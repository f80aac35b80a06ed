// SPDX-License-Identifier: Apache-2.0
// The streams of a pool that are leased to one holder at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "dovetail/core/context.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/stream/stream_pool_statistics.hpp"

namespace dovetail::detail {

/// Up to `size` streams, made at first use. Shared by a pool and its leases, so that a lease may
/// outlive the pool. Thread-safe; callers that have to wait are served in the order they came.
class LeaseSet {
 public:
  using Clock = std::chrono::steady_clock;

  LeaseSet(const Context& context, const StreamOptions& options, std::size_t size);

  std::size_t size() const noexcept { return size_; }

  /// A stream that nobody else uses, after a wait if all are out.
  Stream acquire();
  /// The same, or nothing if that would take a wait.
  std::optional<Stream> try_acquire();
  /// The same, or nothing if none has come free by `deadline`.
  std::optional<Stream> try_acquire_until(Clock::time_point deadline);

  void give_back(Stream stream) noexcept;

  StreamLeaseStatistics statistics() const;
  std::uint64_t streams_created() const;

 private:
  /// The right to one of the `size_` streams.
  struct Place {
    std::optional<Stream> stream = {};  // empty until it is made
    std::vector<Stream> replaced = {};  // go without the lock, as a last handle may take its time
  };
  struct Waiter;

  /// Whether somebody else uses it, or it has failed.
  static bool must_be_replaced(const Stream& stream) noexcept;
  bool has_free_place() const noexcept { return statistics_.active < size_; }
  Place take_free_place();
  /// Joins the queue; nothing if `deadline`, where there is one, passes first.
  std::optional<Place> wait_for_place(std::unique_lock<std::mutex>& lock,
                                      std::optional<Clock::time_point> deadline);
  Stream stream_of(Place place);
  void release(Place place) noexcept;

  const Context context_;
  const StreamOptions options_;
  const std::size_t size_;

  mutable std::mutex mutex_;
  StreamLeaseStatistics statistics_;
  std::uint64_t streams_created_ = 0;
  std::vector<Stream> idle_;
  std::deque<Waiter*> waiters_;  // empty whenever a place is free
};

}  // namespace dovetail::detail
