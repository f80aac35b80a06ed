// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/clock.hpp"

#include <algorithm>

namespace dovetail::detail {

const Clock::Entry* Clock::find(std::uint64_t stream) const noexcept {
  const auto place = std::ranges::lower_bound(entries_, stream, {}, &Entry::stream);
  return place != entries_.end() && place->stream == stream ? &*place : nullptr;
}

Clock::Entry& Clock::at(std::uint64_t stream) {
  const auto place = std::ranges::lower_bound(entries_, stream, {}, &Entry::stream);
  if (place != entries_.end() && place->stream == stream) return *place;
  return *entries_.insert(place, Entry{stream, 0, 0, 0});
}

void Clock::add(Point covers, std::uint64_t epoch) {
  Entry& entry = at(covers.stream);
  entry.direct = std::max(entry.direct, covers.ticket);
  entry.known = std::max(entry.known, covers.ticket);
  entry.epoch = std::max(entry.epoch, epoch);
}

void Clock::join(const Clock& other, std::uint64_t self) {
  for (const Entry& theirs : other.entries_) {
    if (theirs.stream == self) continue;
    Entry& ours = at(theirs.stream);
    ours.known = std::max(ours.known, theirs.known);
    ours.epoch = std::max(ours.epoch, theirs.epoch);
  }
}

}  // namespace dovetail::detail
