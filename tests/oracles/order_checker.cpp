// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/order_checker.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "tests/oracles/last_accesses.hpp"
#include "tests/oracles/order_graph.hpp"

namespace dovetail::test {
namespace {

std::string str(Point point) {
  return "#" + std::to_string(point.stream) + ":" + std::to_string(point.ticket);
}

std::string str(const CommandEntry::Use& use) {
  return std::string(to_string(use.access)) + " of memory " + std::to_string(use.memory) + " [" +
         std::to_string(use.begin) + ", " + std::to_string(use.end) + ")";
}

std::string str(const DecisionEntry& decision) {
  return str(decision.consumer) + " " + decision.what + " after " + str(decision.producer) + ", " +
         std::string(to_string(decision.hazard)) + ", is said to be " +
         std::string(to_string(decision.verdict));
}

bool is_wait(Verdict verdict) { return verdict == Verdict::waited || verdict == Verdict::foreign; }

class Replay {
 public:
  OrderCheck run(const OrderRecord& record) {
    for (const OrderEntry& entry : record) {
      std::visit([this](const auto& one) { add(one); }, entry);
    }
    for (auto& [id, stream] : streams_) {
      close(stream, id);
      close_waits(stream);
    }
    return std::move(result_);
  }

 private:
  struct Conflict {
    Point earlier;
    Hazard hazard;
    CommandEntry::Use use;
  };

  struct Stream {
    std::uint64_t first = 0, last = 0;  // tickets of commands in the record
    std::uint64_t last_undeclared = 0;  // of those that may touch any memory
    std::uint64_t closed = 0;           // commands up to here are on the queue for certain
    std::string what;                   // of the latest command
    std::vector<Conflict> conflicts;    // of the latest command, not in order so far
    std::vector<DecisionEntry> waits;   // whose wait has not turned up so far
  };

  void violation(std::string text) {
    constexpr std::size_t most = 20;
    if (result_.violation_count++ < most) result_.violations.push_back(std::move(text));
  }

  bool is_in_record(Point point) const {
    const auto place = streams_.find(point.stream);
    return place != streams_.end() && place->second.first != 0 &&
           point.ticket >= place->second.first;
  }

  void add(const CommandEntry& command) {
    Stream& stream = streams_[command.point.stream];
    close(stream, command.point.stream);
    close_waits(stream);
    ++result_.figures.commands;
    if (stream.first == 0) stream.first = command.point.ticket;
    if (stream.last != 0 && command.point.ticket != stream.last + 1) {
      violation(str(command.point) + " " + command.what + ": the ticket before it is " +
                std::to_string(stream.last));
    }
    stream.last = command.point.ticket;
    stream.closed = command.point.ticket - 1;
    stream.what = command.what;
    for (const CommandEntry::Use& use : command.uses) {
      memories_[use.memory].conflicts(use, [&](Point earlier, Hazard hazard) {
        if (!graph_.is_before(earlier, command.point.stream)) {
          stream.conflicts.push_back({earlier, hazard, use});
        }
      });
    }
    for (const CommandEntry::Use& use : command.uses) {
      memories_[use.memory].add(use, command.point);
    }
    look_for_undeclared(command, stream);
  }

  /// Work that may touch any memory conflicts with all work of other streams.
  void look_for_undeclared(const CommandEntry& command, Stream& stream) {
    for (const auto& [id, other] : streams_) {
      const std::uint64_t ticket = command.is_undeclared ? other.last : other.last_undeclared;
      if (id == command.point.stream || ticket == 0) continue;
      if (!graph_.is_before({id, ticket}, command.point.stream)) {
        stream.conflicts.push_back({{id, ticket}, Hazard::undeclared, {}});
      }
    }
    if (command.is_undeclared) stream.last_undeclared = command.point.ticket;
  }

  void add(const DecisionEntry& decision) {
    ++result_.figures.dependencies;
    Stream& stream = streams_[decision.consumer.stream];
    close_before(stream, decision.consumer);
    if (decision.consumer.ticket <= stream.closed) violation(str(decision) + ": too late");
    if (const auto place = streams_.find(decision.producer.stream);
        place != streams_.end() && place->second.last != 0 &&
        decision.producer.ticket > place->second.last) {
      violation(str(decision) + ": the producer has not been given that work yet");
    }
    if (is_wait(decision.verdict)) {
      ++result_.figures.waited;
      if (decision.verdict == Verdict::waited && decision.producer.stream != 0 &&
          graph_.is_before(decision.producer, decision.consumer.stream)) {
        ++result_.figures.needless;
      }
      stream.waits.push_back(decision);
    } else {
      ++result_.figures.elided;
      check_elision(decision);
    }
    settle(stream, decision.consumer.stream);
  }

  void check_elision(const DecisionEntry& decision) {
    const Point producer = decision.producer;
    const std::uint64_t consumer = decision.consumer.stream;
    const bool is_same = producer.stream == consumer;
    if (decision.verdict == Verdict::same_queue) {
      if (!is_same) return violation(str(decision) + ": they are on two queues");
      if (producer.ticket >= decision.consumer.ticket) {
        violation(str(decision) + ": it does not come before");
      }
      return;
    }
    if (is_same) return violation(str(decision) + ": they are on one queue");
    if (producer.ticket == 0) return;  // lies before all work
    if (!is_in_record(producer)) {
      ++result_.figures.unchecked;
      return;
    }
    const bool is_direct = graph_.is_before_directly(producer, consumer);
    if (decision.verdict == Verdict::completed) {
      if (!graph_.is_done(producer)) violation(str(decision) + ": nothing says that it is done");
    } else if (!graph_.is_before(producer, consumer)) {
      violation(str(decision) + ": nothing orders it");
    } else if (decision.verdict == Verdict::already_ordered && !is_direct) {
      violation(str(decision) + ": no wait between the two covers it");
    } else if (decision.verdict == Verdict::transitive && is_direct && !graph_.is_done(producer)) {
      violation(str(decision) + ": a wait between the two covers it");
    }
  }

  // Neither entry orders anything.
  void add(const StreamEntry&) {}
  void add(const HostWaitEntry&) {}

  void add(const MarkerEntry& marker) {
    Stream& stream = streams_[marker.covers.stream];
    if (stream.last != 0 && marker.covers.ticket > stream.last) {
      violation("marker " + std::to_string(marker.marker) + " covers " + str(marker.covers) +
                ", which was not given yet");
    }
    if (stream.last != 0 && marker.covers.ticket >= stream.last) {
      close(stream, marker.covers.stream);
    }
    if (graph_.find_marker(marker.marker) != nullptr) {
      violation("marker " + std::to_string(marker.marker) + " is there twice");
    }
    graph_.add_marker(marker.marker, marker.covers);
  }

  void add(const WaitEntry& wait) {
    Stream& stream = streams_[wait.consumer.stream];
    close_before(stream, wait.consumer);
    if (wait.consumer.ticket <= stream.closed) {
      violation("the wait of " + str(wait.consumer) + " for marker " + std::to_string(wait.marker) +
                " comes too late");
    }
    // An unknown marker stands for a foreign event or lies before the record.
    const OrderGraph::Marker* const marker = graph_.find_marker(wait.marker);
    if (marker != nullptr) {
      graph_.add_wait({wait.consumer.stream, std::max(wait.consumer.ticket, stream.closed + 1)},
                      *marker);
    }
    std::erase_if(stream.waits, [&](const DecisionEntry& decision) {
      if (decision.consumer != wait.consumer) return false;
      if (marker == nullptr) return !is_in_record(decision.producer);
      return marker->covers.stream == decision.producer.stream &&
             marker->covers.ticket >= decision.producer.ticket;
    });
    settle(stream, wait.consumer.stream);
  }

  void add(const CompletionEntry& completion) {
    Stream& stream = streams_[completion.up_to.stream];
    if (stream.last != 0 && completion.up_to.ticket > stream.last) {
      violation(str(completion.up_to) + " is done, but was not given yet");
    }
    if (stream.last != 0 && completion.up_to.ticket >= stream.last) {
      close(stream, completion.up_to.stream);
    }
    graph_.add_completion(completion.up_to);
  }

  /// Removes the conflicts of the latest command that are ordered by now.
  void settle(Stream& stream, std::uint64_t id) {
    std::erase_if(stream.conflicts,
                  [&](const Conflict& conflict) { return graph_.is_before(conflict.earlier, id); });
  }

  /// Closes the latest command if `consumer` is a later one.
  void close_before(Stream& stream, Point consumer) {
    if (stream.last != 0 && consumer.ticket > stream.last && stream.closed < stream.last) {
      close(stream, consumer.stream);
    }
  }

  /// Reports what the latest command lacks, as it is on the queue now.
  void close(Stream& stream, std::uint64_t id) {
    for (const Conflict& conflict : std::exchange(stream.conflicts, {})) {
      violation(str(Point{id, stream.last}) + " " + stream.what + ", " + str(conflict.use) +
                ": nothing orders it after " + str(conflict.earlier) + ", " +
                std::string(to_string(conflict.hazard)));
    }
    stream.closed = std::max(stream.closed, stream.last);
    close_waits(stream, stream.closed);
  }

  /// Reports the missing waits of consumers up to this ticket.
  void close_waits(Stream& stream, std::uint64_t up_to = ~std::uint64_t{0}) {
    std::erase_if(stream.waits, [&](const DecisionEntry& decision) {
      if (decision.consumer.ticket > up_to) return false;
      violation(str(decision) + ": no wait for a marker that covers it follows");
      return true;
    });
  }

  OrderGraph graph_;
  std::unordered_map<std::uint64_t, Stream> streams_;
  std::unordered_map<std::uint64_t, LastAccesses> memories_;
  OrderCheck result_;
};

}  // namespace

OrderFigures& OrderFigures::operator+=(const OrderFigures& other) {
  commands += other.commands;
  dependencies += other.dependencies;
  elided += other.elided;
  waited += other.waited;
  needless += other.needless;
  unchecked += other.unchecked;
  return *this;
}

std::string OrderCheck::str() const {
  std::string text;
  for (const std::string& violation : violations) text += violation + "\n";
  if (violation_count > violations.size()) {
    text += "... " + std::to_string(violation_count) + " in all\n";
  }
  return text;
}

OrderCheck check_order(const OrderRecord& record) { return Replay().run(record); }

}  // namespace dovetail::test
