// SPDX-License-Identifier: Apache-2.0
// Tells when threads have come to wait in Stream::synchronize().
#pragma once

#include <cstdint>
#include <thread>

#include "dovetail/stream/stream.hpp"
#include "lib/stream/order/stream_state.hpp"

namespace dovetail::test {

/// Returns once `count` threads in all have called `synchronize()` on `stream`, and it has been
/// waited for `host_waits` times, which is after the marker for that was put on the queue.
inline void until_asked(const Stream& stream, std::uint64_t count, std::uint64_t host_waits = 1) {
  const detail::HostWait& waits = detail::state_of(stream)->host_wait;
  while (waits.asked() < count || stream.statistics().host_waits < host_waits)
    std::this_thread::yield();
}

}  // namespace dovetail::test
