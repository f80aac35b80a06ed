// SPDX-License-Identifier: Apache-2.0
// The counts of a stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dovetail/stream/verdict.hpp"

namespace dovetail {

/// Totals since a stream was made. A piece of work counts once for each stream that it depends on.
struct StreamStatistics {
  std::uint64_t commands = 0;  ///< Pieces of work received through Dovetail.
  std::array<std::uint64_t, verdict_count> verdicts{};  ///< By Verdict.
  std::uint64_t markers = 0;     ///< Markers put on this queue for another party to wait on.
  std::uint64_t host_waits = 0;  ///< Times that a host thread blocked for this stream.

  /// Returns the number of dependencies with this verdict.
  std::uint64_t count(Verdict verdict) const noexcept {
    return verdicts[static_cast<std::size_t>(verdict)];
  }
  /// Returns the number of waits inserted on this queue.
  std::uint64_t waits() const noexcept { return count(Verdict::waited) + count(Verdict::foreign); }
  /// Returns the number of dependencies that needed no OpenCL call.
  std::uint64_t elided() const noexcept {
    return count(Verdict::same_queue) + count(Verdict::already_ordered) +
           count(Verdict::transitive) + count(Verdict::completed);
  }
};

}  // namespace dovetail
