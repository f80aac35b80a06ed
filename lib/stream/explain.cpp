// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/stream/order/order_log.hpp"
#include "lib/stream/order/stream_registry.hpp"

namespace dovetail {
namespace {

struct Log {
  std::mutex mutex;
  OrderRecord entries;
};

Log& log() {
  static Log* const instance = new Log;
  return *instance;
}

std::string str(Point point) { return fmt::format("#{}:{}", point.stream, point.ticket); }

std::string str(const CommandEntry::Use& use) {
  return fmt::format("memory {} [{}, {})", use.memory, use.begin, use.end);
}

struct Line {
  std::string operator()(const CommandEntry& command) const {
    std::string text = fmt::format("{} {}", str(command.point), command.what);
    for (const CommandEntry::Use& use : command.uses) {
      text += fmt::format(", {} {}", to_string(use.access), str(use));
    }
    if (command.is_undeclared) text += ", any memory";
    return text;
  }
  std::string operator()(const DecisionEntry& decision) const {
    const std::string where =
        decision.use.memory == 0 ? "" : fmt::format(" of {}", str(decision.use));
    return fmt::format("  {} {} after {}: {}{} -> {}", str(decision.consumer), decision.what,
                       str(decision.producer), to_string(decision.hazard), where,
                       to_string(decision.verdict));
  }
  std::string operator()(const MarkerEntry& marker) const {
    return fmt::format("  marker {} on #{} behind {}", marker.marker, marker.covers.stream,
                       str(marker.covers));
  }
  std::string operator()(const WaitEntry& wait) const {
    return fmt::format("  #{} from {} on waits for marker {}", wait.consumer.stream,
                       str(wait.consumer), wait.marker);
  }
  std::string operator()(const CompletionEntry& completion) const {
    return fmt::format("  done up to {}", str(completion.up_to));
  }
  std::string operator()(const StreamEntry& stream) const {
    std::string text = fmt::format("stream #{} is {}{}", stream.stream, to_string(stream.origin),
                                   stream.is_shared ? ", shared with others" : "");
    for (const std::string& peer : stream.peers) text += fmt::format(", peer '{}'", peer);
    return text;
  }
  std::string operator()(const HostWaitEntry& wait) const {
    const std::string where =
        wait.covers.stream == 0 ? "an event of somebody else" : str(wait.covers);
    return fmt::format("  the host waits for marker {}, {}: {}", wait.marker, where, wait.what);
  }
};

/// The streams that are there, in the order of their numbers.
OrderRecord entries_of_streams() {
  auto streams = detail::streams_alive();
  std::ranges::sort(streams, {}, [](const auto& stream) { return stream->id; });
  OrderRecord entries;
  for (const auto& stream : streams) entries.emplace_back(stream->entry());
  return entries;
}

}  // namespace

namespace detail {

std::atomic<bool> OrderLog::recording{false};

void OrderLog::add(OrderEntry entry) {
  const std::scoped_lock lock(log().mutex);
  if (is_on()) log().entries.push_back(std::move(entry));
}

}  // namespace detail

OrderRecorder::OrderRecorder() {
  {
    const std::scoped_lock lock(log().mutex);
    if (detail::OrderLog::recording.exchange(true)) {
      throw InvalidArgument(
          "[OrderRecorder] another one exists; take() its record, or let it go first.");
    }
  }
  // While it records: a stream that is made meanwhile is told twice rather than never.
  try {
    OrderRecord entries = entries_of_streams();
    const std::scoped_lock lock(log().mutex);
    auto& all = log().entries;
    all.insert(all.begin(), std::make_move_iterator(entries.begin()),
               std::make_move_iterator(entries.end()));
  } catch (...) {
    end();
    throw;
  }
}

OrderRecorder::~OrderRecorder() { end(); }

void OrderRecorder::end() noexcept {
  const std::scoped_lock lock(log().mutex);
  detail::OrderLog::recording = false;
  log().entries.clear();
}

OrderRecord OrderRecorder::take() {
  const std::scoped_lock lock(log().mutex);
  return std::exchange(log().entries, {});
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::same_queue:
      return "same_queue";
    case Verdict::already_ordered:
      return "already_ordered";
    case Verdict::transitive:
      return "transitive";
    case Verdict::completed:
      return "completed";
    case Verdict::waited:
      return "waited";
    case Verdict::foreign:
      break;
  }
  return "foreign";
}

std::string_view to_string(Hazard hazard) noexcept {
  switch (hazard) {
    case Hazard::read_after_write:
      return "read after write";
    case Hazard::write_after_read:
      return "write after read";
    case Hazard::write_after_write:
      return "write after write";
    case Hazard::wait:
      return "wait";
    case Hazard::undeclared:
      break;
  }
  return "undeclared memory";
}

std::string explain(const OrderRecord& record) {
  std::string text;
  for (const OrderEntry& entry : record) text += std::visit(Line{}, entry) + "\n";
  return text;
}

}  // namespace dovetail
