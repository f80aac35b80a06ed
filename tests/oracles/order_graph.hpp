// SPDX-License-Identifier: Apache-2.0
// The order that a record of ordering decisions proves, as vector clocks.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dovetail/stream/point.hpp"

namespace dovetail::test {

/// A ticket for each stream, which stands for the work up to it; sorted by stream.
class Frontier {
 public:
  std::uint64_t at(std::uint64_t stream) const noexcept;
  void raise(Point to);
  void join(const Frontier& other);

  template <typename Predicate>
  void drop_if(Predicate is_needless) {
    std::erase_if(tickets_, is_needless);
  }
  auto begin() const noexcept { return tickets_.begin(); }
  auto end() const noexcept { return tickets_.end(); }

 private:
  std::vector<Point> tickets_;
};

/// The graph at one point of a replay. Add the entries in the record's order.
class OrderGraph {
 public:
  struct Marker {
    Point covers;
    std::shared_ptr<const Frontier> before;  ///< What its queue was ordered after.
  };

  void add_marker(std::uint64_t number, Point covers);
  /// Returns the marker, or null if it is unknown.
  const Marker* find_marker(std::uint64_t number) const;
  /// Orders the work of `consumer`'s stream from there on after the marker.
  void add_wait(Point consumer, const Marker& marker);
  /// Notes that the host has seen `up_to` done, and with it all that comes before it.
  void add_completion(Point up_to);

  bool is_done(Point point) const;
  /// Returns whether the next work of `stream` is known to follow `point`.
  bool is_before(Point point, std::uint64_t stream) const;
  /// Returns whether waits between the two streams alone order it so.
  bool is_before_directly(Point point, std::uint64_t stream) const;

 private:
  struct Stream {
    // What its work follows, by the first ticket for which that holds.
    std::vector<std::pair<std::uint64_t, std::shared_ptr<const Frontier>>> versions;
    Frontier direct;
  };

  std::unordered_map<std::uint64_t, Stream> streams_;
  std::unordered_map<std::uint64_t, std::uint64_t> done_;
  std::unordered_map<std::uint64_t, Marker> markers_;
};

}  // namespace dovetail::test
