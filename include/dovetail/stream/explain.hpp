// SPDX-License-Identifier: Apache-2.0
// The record of how work was ordered, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/access.hpp"
#include "dovetail/stream/point.hpp"
#include "dovetail/stream/stream_origin.hpp"
#include "dovetail/stream/verdict.hpp"

namespace dovetail {

/// Why one piece of work must come after another.
enum class Hazard : unsigned char {
  read_after_write,
  write_after_read,
  write_after_write,
  wait,        ///< Asked for: `Stream::wait`.
  undeclared,  ///< One of the two may touch any memory: `with_queue` without uses.
};

/// "read after write", ...
DOVETAIL_EXPORT std::string_view to_string(Hazard hazard) noexcept;

/// Work was given to a stream.
struct CommandEntry {
  struct Use {
    std::uint64_t memory;    ///< A number for the memory object; sub-buffers have their parent's.
    std::size_t begin, end;  ///< In bytes of the parent.
    Access access;
    friend bool operator==(const Use&, const Use&) = default;
  };
  Point point;
  std::string what;  ///< Who asked, such as "kernel 'scale'".
  std::vector<Use> uses;
  bool is_undeclared = false;  ///< It may touch any other memory of its context as well.
};

/// Work, or a call of `Stream::wait`, depends on an earlier point.
struct DecisionEntry {
  Point consumer;  ///< The first work that the dependency holds for.
  Point producer;
  Verdict verdict;
  Hazard hazard;
  std::string what;            ///< Who asked.
  CommandEntry::Use use = {};  ///< Where the two meet; empty for `wait` and `undeclared`.
};

/// A stream that was there when the record began, was made since, or has changed.
struct StreamEntry {
  std::uint64_t stream;  ///< `Stream::id`.
  StreamOrigin origin;
  bool is_shared;                  ///< Others may enqueue on its queue.
  std::vector<std::string> peers;  ///< The names of those that are attached.
};

/// A marker was put on a queue.
struct MarkerEntry {
  std::uint64_t marker;  ///< A number for it.
  Point covers;          ///< It is reached when at least all work up to here is done.
};

/// A stream was made to wait for a marker: its work from `consumer` on comes after it.
struct WaitEntry {
  Point consumer;
  std::uint64_t marker;
};

/// A host thread blocked for a marker.
struct HostWaitEntry {
  std::uint64_t marker;
  Point covers;      ///< What the marker stands for; stream 0 for somebody else's event.
  std::string what;  ///< Who asked, such as "Stream::synchronize".
};

/// The host learnt that all work up to this point is done.
struct CompletionEntry {
  Point up_to;
};

using OrderEntry = std::variant<CommandEntry, DecisionEntry, MarkerEntry, WaitEntry,
                                CompletionEntry, StreamEntry, HostWaitEntry>;

/// Entries in an order that is true: an entry that another rests on stands before it, and work with
/// a conflict stands in the order in which it was given.
using OrderRecord = std::vector<OrderEntry>;

/// Keeps the record of every stream in the process for as long as it exists. Counting
/// (`Stream::statistics`) needs none; a record costs memory for each launch.
///
/// @throws InvalidArgument  another recorder exists.
class DOVETAIL_EXPORT OrderRecorder {
 public:
  [[nodiscard]] OrderRecorder();
  ~OrderRecorder();
  OrderRecorder(const OrderRecorder&) = delete;
  OrderRecorder& operator=(const OrderRecorder&) = delete;

  /// What was recorded since the start, or since the last call; the streams that were there are in
  /// the first alone. Thread-safe.
  OrderRecord take();

 private:
  static void end() noexcept;
};

/// The record as text for people, one line an entry.
DOVETAIL_EXPORT std::string explain(const OrderRecord& record);

}  // namespace dovetail
