// SPDX-License-Identifier: Apache-2.0
// Who used which bytes of a memory object last: what hazards are found with.
#pragma once

#include <CL/cl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dovetail/stream/memory_use.hpp"
#include "dovetail/stream/point.hpp"
#include "lib/core/spin_lock.hpp"
#include "lib/stream/capture/recording_progress.hpp"

namespace dovetail::detail {

/// Bytes [begin, end) of a memory object.
struct ByteRange {
  std::size_t begin;
  std::size_t end;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// The last uses of a memory object without a parent, byte range by byte range. One for each
/// object in the process, however many Buffers, sub-buffers and raw handles lead to it.
class MemoryState {
 public:
  struct LastUse {
    std::uint64_t stream;
    std::uint64_t ticket;
    bool writes;
    bool foreign;  ///< Others enqueue on that stream's queue.
    friend bool operator==(const LastUse&, const LastUse&) = default;
  };

  explicit MemoryState(std::size_t nbytes);
  MemoryState(const MemoryState&) = delete;
  MemoryState& operator=(const MemoryState&) = delete;

  /// Taken for the other functions, by launches in the order of addresses.
  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

  /// Calls `found(last_use)` for each use that conflicts with one of `range`.
  template <typename Found>
  void conflicts(ByteRange range, bool writes, const Found& found) const {
    for (auto segment = first_at(range.begin); segment != segments_.end(); ++segment) {
      if (segment->range.begin >= range.end) break;
      for (const LastUse& use : segment->uses) {
        if (writes || use.writes) found(use);
      }
    }
  }

  /// A use of `range` that comes after all that it conflicts with.
  void add(ByteRange range, const LastUse& use);

  /// A recording will write `range` once it is submitted.
  void add_recorded_result(ByteRange range,
                           const std::shared_ptr<const RecordingProgress>& recording);
  /// It will not write here after all.
  void drop_recorded_results_of(const RecordingProgress& recording);
  /// Whether `range` is to get a result that was never submitted, of a recording with a number
  /// below `number`.
  bool awaits_submission(ByteRange range, std::uint64_t number) const {
    return !recorded_results_.empty() && has_recorded_result(range, number);
  }
  /// Forgets the results that were submitted, and those that a write of `range` takes the place of.
  void settle_recorded_results(ByteRange range, Access access) {
    if (!recorded_results_.empty()) [[unlikely]]
      drop_recorded_results(range, access);
  }

  /// Unique in the process, unlike a handle's value.
  std::uint64_t id() const noexcept { return id_; }
  std::size_t nbytes() const noexcept { return nbytes_; }

 private:
  struct Segment {
    ByteRange range;
    std::vector<LastUse> uses;  ///< Writers, and readers since; one of a kind for each stream.
    void add(const LastUse& use);
  };
  using Segments = std::vector<Segment>;

  /// The first segment that ends behind `begin`.
  Segments::const_iterator first_at(std::size_t begin) const {
    return std::ranges::upper_bound(segments_, begin, {},
                                    [](const Segment& segment) { return segment.range.end; });
  }
  bool has_recorded_result(ByteRange range, std::uint64_t number) const;
  void drop_recorded_results(ByteRange range, Access access);
  void split_at(std::size_t at);
  void shorten();

  SpinLock lock_;
  std::uint64_t id_;
  std::size_t nbytes_;
  Segments segments_;  // by range, without gaps
  std::size_t long_from_ = 64;

  struct RecordedResult {
    ByteRange range;
    std::shared_ptr<const RecordingProgress> recording;
  };
  std::vector<RecordedResult> recorded_results_;
};

/// A memory object, or a part of one, whose uses are known.
struct TrackedMemory {
  std::shared_ptr<MemoryState> state;  ///< Empty for no memory.
  ByteRange range{};                   ///< In the object without a parent.
  cl_mem root = nullptr;               ///< That object.
};

/// Finds or begins the record of a memory object's uses; sees through sub-buffers. It ends when
/// OpenCL deletes the object.
/// @throws OpenCLError  `memory` is no memory object.
TrackedMemory track(cl_mem memory);
/// The same for memory that was just made, without a parent.
TrackedMemory track_new(cl_mem memory, std::size_t nbytes);

}  // namespace dovetail::detail
