// SPDX-License-Identifier: Apache-2.0
// What a stream is known to be ordered after: a vector clock over streams.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/point.hpp"

namespace dovetail::detail {

/// For each other stream, up to which ticket its work comes before ours. Streams that are not in it
/// are not known to be ordered. Source: Fidge 1988 and Mattern 1989, vector time.
class DOVETAIL_EXPORT Clock {
 public:
  struct Entry {
    std::uint64_t stream;
    std::uint64_t direct;  ///< By waits between the two streams.
    std::uint64_t known;   ///< By any waits; at least `direct`.
    std::uint64_t epoch;   ///< `ForeignWork::epoch` that was covered, too.
  };

  /// Null for a stream that is not in the clock.
  const Entry* find(std::uint64_t stream) const noexcept;

  /// A wait for `covers`, made at `epoch`, was inserted.
  void add(Point covers, std::uint64_t epoch);

  /// Everything that a stream with the clock `other` was ordered after is ordered before us, too.
  void join(const Clock& other, std::uint64_t self);

  const std::vector<Entry>& entries() const noexcept { return entries_; }

  template <typename Predicate>
  void drop_if(Predicate is_needless) {
    std::erase_if(entries_, is_needless);
  }

 private:
  Entry& at(std::uint64_t stream);
  std::vector<Entry> entries_;  // by stream
};

/// A clock as of one moment.
using ClockSnapshot = std::shared_ptr<const Clock>;

}  // namespace dovetail::detail
