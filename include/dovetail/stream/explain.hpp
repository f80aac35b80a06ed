// SPDX-License-Identifier: Apache-2.0
// The record of each ordering decision and its reason.
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
  wait,        ///< The program called `Stream::wait`.
  undeclared,  ///< One of them may touch any memory: `with_queue` without uses.
};

/// Returns text such as "read after write", "wait" or "undeclared memory".
DOVETAIL_EXPORT std::string_view to_string(Hazard hazard) noexcept;

/// A stream received a piece of work.
struct CommandEntry {
  /// A range of bytes that the work uses.
  struct Use {
    std::uint64_t memory;    ///< Number of the memory object; a sub-buffer has its parent's.
    std::size_t begin, end;  ///< In bytes of the parent.
    Access access;
    friend bool operator==(const Use&, const Use&) = default;
  };
  Point point;
  std::string what;  ///< The caller, such as "kernel 'scale'".
  std::vector<Use> uses;
  bool is_undeclared = false;  ///< It may also touch any other memory of its context.
};

/// A piece of work, or a call of `Stream::wait`, depends on an earlier point.
struct DecisionEntry {
  Point consumer;  ///< The first work that depends on `producer`.
  Point producer;
  Verdict verdict;
  Hazard hazard;
  std::string what;            ///< The caller.
  CommandEntry::Use use = {};  ///< The shared bytes; empty for `wait` and `undeclared`.
};

/// A stream exists when the record begins, is made, or changes.
struct StreamEntry {
  std::uint64_t stream;  ///< `Stream::id`.
  StreamOrigin origin;
  bool is_shared;                  ///< Others may enqueue on its queue.
  std::vector<std::string> peers;  ///< The names of the attached peers.
};

/// A marker was enqueued.
struct MarkerEntry {
  std::uint64_t marker;  ///< The marker's number.
  Point covers;          ///< The marker is complete only after all work up to here.
};

/// A stream waits for a marker: its work from `consumer` on comes after it.
struct WaitEntry {
  Point consumer;
  std::uint64_t marker;
};

/// A host thread blocked until a marker was complete.
struct HostWaitEntry {
  std::uint64_t marker;
  Point covers;      ///< The point that the marker covers; stream 0 for an event of another party.
  std::string what;  ///< The caller, such as "Stream::synchronize".
};

/// The host knows from here on that all work up to this point is done.
struct CompletionEntry {
  Point up_to;
};

/// One entry of a record.
using OrderEntry = std::variant<CommandEntry, DecisionEntry, MarkerEntry, WaitEntry,
                                CompletionEntry, StreamEntry, HostWaitEntry>;

/// Entries in causal order: each follows its causes; conflicting commands keep submission order.
using OrderRecord = std::vector<OrderEntry>;

/// Records every stream of the process for as long as it exists. A record costs memory for each
/// launch; the counts of `Stream::statistics` need no recorder.
class DOVETAIL_EXPORT OrderRecorder {
 public:
  /// Starts to record.
  /// @throws InvalidArgument  another recorder exists.
  [[nodiscard]] OrderRecorder();
  ~OrderRecorder();
  OrderRecorder(const OrderRecorder&) = delete;
  OrderRecorder& operator=(const OrderRecorder&) = delete;

  /// Returns the entries since the start or the last call. Only the first record lists the streams
  /// that existed before. Thread-safe.
  OrderRecord take();

 private:
  static void end() noexcept;
};

/// Returns the record as text for people, a line for each entry.
DOVETAIL_EXPORT std::string explain(const OrderRecord& record);

}  // namespace dovetail
