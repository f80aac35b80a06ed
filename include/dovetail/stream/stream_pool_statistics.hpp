// SPDX-License-Identifier: Apache-2.0
// The counts of a stream pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dovetail {

/// Counts of a pool's exclusive leases, all of one moment.
struct StreamLeaseStatistics {
  std::size_t active = 0;       ///< Leases in use now.
  std::size_t waiting = 0;      ///< Callers that block now until a lease is given back.
  std::uint64_t granted = 0;    ///< Leases given so far, including those in use.
  std::uint64_t timed_out = 0;  ///< Calls of `try_lease_for` so far that ended without a lease.
  /// Streams replaced by a fresh one, because they had failed or were used after their lease.
  std::uint64_t replaced = 0;
};

/// Counts since the pool was made, and the users of its streams now.
struct StreamPoolStatistics {
  std::uint64_t gets = 0;  ///< Calls so far of `get()` without an index.
  /// Queues made so far: for the default stream, pooled streams and leases.
  std::uint64_t streams_created = 0;
  /// For each pooled stream, by index, the number of live threads attached to it.
  std::vector<std::size_t> attached_threads = {};
  std::size_t shared_streams = 0;  ///< Pooled streams with more than one live thread attached.
  StreamLeaseStatistics leases = {};
};

}  // namespace dovetail
