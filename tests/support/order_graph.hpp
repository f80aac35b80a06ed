// SPDX-License-Identifier: Apache-2.0
// What a record of ordering decisions proves to come before what, as vector clocks.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dovetail/stream/point.hpp"

namespace dovetail::test {

/// For each stream a ticket up to which its work is meant; sorted by stream.
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

/// The graph as far as a replay has come. Feed it entry by entry, in the record's order.
class OrderGraph {
 public:
  struct Marker {
    Point covers;
    std::shared_ptr<const Frontier> before;  ///< What its queue was ordered after.
  };

  void add_marker(std::uint64_t number, Point covers);
  /// Null for a marker that is not known.
  const Marker* find_marker(std::uint64_t number) const;
  /// What `consumer`'s stream is given from there on comes after the marker.
  void add_wait(Point consumer, const Marker& marker);
  /// The host knows that `up_to` is done, and with it all that comes before it.
  void add_completion(Point up_to);

  bool is_done(Point point) const;
  /// Whether the next work of `stream` is known to come after `point`.
  bool is_before(Point point, std::uint64_t stream) const;
  /// Whether waits between the two streams alone say so.
  bool is_before_directly(Point point, std::uint64_t stream) const;

 private:
  struct Stream {
    // What its work comes after, by the ticket from which on it does.
    std::vector<std::pair<std::uint64_t, std::shared_ptr<const Frontier>>> versions;
    Frontier direct;
  };

  std::unordered_map<std::uint64_t, Stream> streams_;
  std::unordered_map<std::uint64_t, std::uint64_t> done_;
  std::unordered_map<std::uint64_t, Marker> markers_;
};

}  // namespace dovetail::test
