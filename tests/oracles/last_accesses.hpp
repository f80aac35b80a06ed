// SPDX-License-Identifier: Apache-2.0
// The last writer of each byte of a memory object and its readers since.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "dovetail/stream/explain.hpp"

namespace dovetail::test {

/// Tracks one memory object while the commands of a record are replayed.
class LastAccesses {
 public:
  /// Calls `found(earlier, hazard)` for the last writer of each byte of `use` and, if `use` writes,
  /// for the readers since.
  template <typename Found>
  void conflicts(const CommandEntry::Use& use, const Found& found) const {
    const bool writes = use.access != Access::read;
    for (auto place = first_at(use.begin); place != segments_.end() && place->first < use.end;
         ++place) {
      const Segment& segment = place->second;
      if (segment.writer) {
        found(*segment.writer, writes ? Hazard::write_after_write : Hazard::read_after_write);
      }
      if (!writes) continue;
      for (const Point reader : segment.readers) found(reader, Hazard::write_after_read);
    }
  }

  void add(const CommandEntry::Use& use, Point point) {
    if (use.begin >= use.end) return;
    split_at(use.begin);
    split_at(use.end);
    if (use.access != Access::read) {
      segments_.erase(segments_.lower_bound(use.begin), segments_.lower_bound(use.end));
      segments_[use.begin] = {use.end, point, {}};
      return;
    }
    std::size_t at = use.begin;
    while (at < use.end) {
      auto place = segments_.lower_bound(at);
      if (place == segments_.end() || place->first > at) {  // bytes that nobody used before
        const std::size_t next = place == segments_.end() ? use.end : place->first;
        place = segments_.emplace(at, Segment{std::min(use.end, next), std::nullopt, {}}).first;
      }
      add_reader(place->second, point);
      at = place->second.end;
    }
  }

 private:
  struct Segment {
    std::size_t end;
    std::optional<Point> writer;
    std::vector<Point> readers;  // since; the last of each stream
  };
  using Segments = std::map<std::size_t, Segment>;  // by where they begin

  static void add_reader(Segment& segment, Point point) {
    const auto known = std::ranges::find(segment.readers, point.stream, &Point::stream);
    if (known == segment.readers.end()) {
      segment.readers.push_back(point);
    } else {
      *known = point;
    }
  }

  Segments::const_iterator first_at(std::size_t begin) const {
    auto place = segments_.upper_bound(begin);
    if (place != segments_.begin() && std::prev(place)->second.end > begin) --place;
    return place;
  }

  void split_at(std::size_t at) {
    const auto place = first_at(at);
    if (place == segments_.end() || place->first >= at) return;
    Segment back = place->second;
    segments_[place->first].end = at;
    segments_.emplace(at, std::move(back));
  }

  Segments segments_;
};

}  // namespace dovetail::test
