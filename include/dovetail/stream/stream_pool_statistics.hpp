// SPDX-License-Identifier: Apache-2.0
// What StreamPool::statistics returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dovetail {

/// A pool's exclusive leases. The figures are of one moment.
struct StreamLeaseStatistics {
  /// Leases that are out now.
  std::size_t active = 0;
  /// Callers that are blocked now until one is given back.
  std::size_t waiting = 0;
  /// Leases given out so far, those that are out included.
  std::uint64_t granted = 0;
  /// Calls of `try_lease_for` so far that ended without a lease.
  std::uint64_t timed_out = 0;
  /// Streams that somebody still used after their lease, or that had failed, and that a fresh one
  /// took the place of.
  std::uint64_t replaced = 0;
};

/// Counts since the pool was made, and who uses its streams now.
struct StreamPoolStatistics {
  /// Calls so far of `get()`, the one that goes round robin.
  std::uint64_t gets = 0;
  /// Queues made so far: for the default stream, pooled streams and leases.
  std::uint64_t streams_created = 0;
  /// For each pooled stream, by index, the live threads whose own current stream it is.
  std::vector<std::size_t> attached_threads = {};
  /// Pooled streams that more than one live thread is attached to.
  std::size_t shared_streams = 0;
  StreamLeaseStatistics leases = {};
};

}  // namespace dovetail
