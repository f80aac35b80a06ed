// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/order_graph.hpp"

#include <algorithm>
#include <iterator>

namespace dovetail::test {

std::uint64_t Frontier::at(std::uint64_t stream) const noexcept {
  const auto place = std::ranges::lower_bound(tickets_, stream, {}, &Point::stream);
  return place != tickets_.end() && place->stream == stream ? place->ticket : 0;
}

void Frontier::raise(Point to) {
  const auto place = std::ranges::lower_bound(tickets_, to.stream, {}, &Point::stream);
  if (place != tickets_.end() && place->stream == to.stream) {
    place->ticket = std::max(place->ticket, to.ticket);
  } else {
    tickets_.insert(place, to);
  }
}

void Frontier::join(const Frontier& other) {
  std::vector<Point> all;
  all.reserve(tickets_.size() + other.tickets_.size());
  std::ranges::merge(tickets_, other.tickets_, std::back_inserter(all));
  tickets_.clear();
  for (std::size_t i = 0; i < all.size(); ++i) {  // of two of one stream the later is the higher
    if (i + 1 == all.size() || all[i].stream != all[i + 1].stream) tickets_.push_back(all[i]);
  }
}

void OrderGraph::add_marker(std::uint64_t number, Point covers) {
  const Stream& stream = streams_[covers.stream];
  markers_[number] = {covers, stream.versions.empty() ? nullptr : stream.versions.back().second};
}

const OrderGraph::Marker* OrderGraph::find_marker(std::uint64_t number) const {
  const auto place = markers_.find(number);
  return place != markers_.end() ? &place->second : nullptr;
}

void OrderGraph::add_wait(Point consumer, const Marker& marker) {
  Stream& stream = streams_[consumer.stream];
  Frontier after;
  if (!stream.versions.empty()) after = *stream.versions.back().second;
  if (marker.before) after.join(*marker.before);
  after.raise(marker.covers);
  after.drop_if([&](Point point) { return point.stream == consumer.stream || is_done(point); });
  stream.versions.emplace_back(consumer.ticket, std::make_shared<const Frontier>(std::move(after)));
  stream.direct.raise(marker.covers);
}

void OrderGraph::add_completion(Point up_to) {
  std::uint64_t& done = done_[up_to.stream];
  done = std::max(done, up_to.ticket);
  auto& versions = streams_[up_to.stream].versions;
  const auto later = std::ranges::find_if(
      versions, [&](const auto& version) { return version.first > up_to.ticket; });
  if (later == versions.begin()) return;
  const auto last = std::prev(later);
  for (const Point point : *last->second) {
    std::uint64_t& known = done_[point.stream];
    known = std::max(known, point.ticket);
  }
  versions.erase(versions.begin(), last);
}

bool OrderGraph::is_done(Point point) const {
  const auto place = done_.find(point.stream);
  return point.ticket == 0 || (place != done_.end() && place->second >= point.ticket);
}

bool OrderGraph::is_before(Point point, std::uint64_t stream) const {
  if (point.stream == stream || is_done(point)) return true;
  const auto place = streams_.find(stream);
  if (place == streams_.end() || place->second.versions.empty()) return false;
  return place->second.versions.back().second->at(point.stream) >= point.ticket;
}

bool OrderGraph::is_before_directly(Point point, std::uint64_t stream) const {
  const auto place = streams_.find(stream);
  return place != streams_.end() && place->second.direct.at(point.stream) >= point.ticket;
}

}  // namespace dovetail::test
