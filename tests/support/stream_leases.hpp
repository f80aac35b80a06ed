// SPDX-License-Identifier: Apache-2.0
// Looks at the leases of a pool.
#pragma once

#include <cstddef>
#include <thread>

#include "dovetail/stream/stream_pool.hpp"

namespace dovetail::test {

inline StreamLeaseStatistics leases_of(const StreamPool& pool) { return pool.statistics().leases; }

/// Returns once `count` callers are blocked in `lease` or `try_lease_for`.
inline void await_waiting(const StreamPool& pool, std::size_t count) {
  while (leases_of(pool).waiting != count) std::this_thread::yield();
}

}  // namespace dovetail::test
