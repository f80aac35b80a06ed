// SPDX-License-Identifier: Apache-2.0
// Decides whether work comes after other work: waits, pool, captures and recordings all ask here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/point.hpp"
#include "dovetail/stream/verdict.hpp"
#include "lib/stream/order/clock.hpp"

namespace dovetail::detail {

/// What is known of work that was given to a stream.
enum class Progress {
  done,
  under_way,  ///< Or not known to be done.
  doubtful,   ///< Its stream has failed or is gone: what depends on it may be refused.
};

/// How the next work of one stream stands to work that was given before.
class DOVETAIL_EXPORT Order {
 public:
  /// An epoch that no wait covers: nothing but the queue orders what others enqueue.
  static constexpr std::uint64_t any_epoch = std::numeric_limits<std::uint64_t>::max();

  /// @param clock  What `stream` is ordered after; must outlive this.
  Order(std::uint64_t stream, const Clock& clock) noexcept : stream_(stream), clock_(clock) {}

  /// Returns how the queue, or a wait that was made, orders the work after `producer`; nothing if
  /// none does.
  /// @param epoch  Where others enqueue on the producer's queue: what of theirs must be covered.
  std::optional<Verdict> known(Point producer, std::uint64_t epoch = 0) const noexcept {
    if (producer.stream == stream_) return Verdict::same_queue;
    const Clock::Entry* const entry = clock_.find(producer.stream);
    if (entry == nullptr || entry->known < producer.ticket || entry->epoch < epoch) {
      return std::nullopt;
    }
    return entry->direct >= producer.ticket ? Verdict::already_ordered : Verdict::transitive;
  }

  /// Returns the verdict of a wait.
  /// @param foreign  Others enqueue on the producer's queue.
  static constexpr Verdict wait(bool foreign) noexcept {
    return foreign ? Verdict::foreign : Verdict::waited;
  }

  /// Returns the verdict as far as it can be foreseen without an OpenCL call; nothing for what may
  /// be refused.
  std::optional<Verdict> foreseen(Point producer, bool foreign) const;

 private:
  std::uint64_t stream_;
  const Clock& clock_;
};

/// Returns whether the verdict is that of a wait.
constexpr bool is_wait(Verdict verdict) noexcept {
  return verdict == Verdict::waited || verdict == Verdict::foreign;
}

/// Where a command of a recording stands.
struct RecordedPlace {
  std::size_t lane;
  std::size_t segment;
  std::size_t command;  ///< In its segment.
  std::size_t number;   ///< In the order of capture.
};

/// Returns whether a replay, which submits segment by segment, runs two commands that conflict in
/// the order of their capture.
constexpr bool keeps_order(const RecordedPlace& a, const RecordedPlace& b) noexcept {
  return a.lane == b.lane || (a.number < b.number) == (a.segment < b.segment);
}

}  // namespace dovetail::detail
