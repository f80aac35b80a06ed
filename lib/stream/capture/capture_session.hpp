// SPDX-License-Identifier: Apache-2.0
// Captures what streams are given, instead of enqueuing it.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "lib/stream/capture/recorded_command.hpp"
#include "lib/stream/capture/recording_progress.hpp"
#include "lib/stream/order/order.hpp"

namespace dovetail::detail {

struct StreamState;

/// Commands of one stream in a row, with nothing in between that another stream waits for.
struct RecordedSegment {
  std::size_t lane;
  std::vector<std::unique_ptr<RecordedCommand>> commands;
  std::vector<std::size_t> numbers;  ///< Of the commands, in the order in which they were given.
  std::vector<std::size_t> after;    ///< The segments of other lanes that it comes after.
};

/// What was captured: segments on lanes, one lane for each stream, each segment behind all those
/// that it comes after. Lane 0 is the stream that the capture began on.
struct RecordedWork {
  std::vector<std::shared_ptr<StreamState>> lanes;
  std::vector<RecordedSegment> segments;
  std::vector<std::size_t> joined;  ///< Segments of other lanes that lane 0 waited for at its end.
  std::shared_ptr<RecordingProgress> progress;
};

/// Tells the memory that the command writes of results that are to come.
void mark_results(const RecordedCommand& command,
                  const std::shared_ptr<const RecordingProgress>& recording);

/// A capture under way. A stream joins it by waiting for one that takes part, and must be waited
/// for in turn before the end, by `Stream::wait` or by work that uses the same memory.
///
/// Thread-safe. Its lock is taken under a stream's `submit_mutex`, and before those of memory.
class CaptureSession : public std::enable_shared_from_this<CaptureSession> {
 public:
  /// Begins to capture on `origin`.
  /// @throws CaptureError  it captures already.
  static std::shared_ptr<CaptureSession> begin(const std::shared_ptr<StreamState>& origin);

  /// Takes work that `stream` is given; its `submit_mutex` is held. False once the capture is over,
  /// and then the stream takes it as usual.
  bool add(const StreamState& stream, Recordable& work);

  /// Ends it; its streams take work as usual again.
  /// @throws CaptureError  a stream was not joined again. The capture is over, nothing is kept.
  RecordedWork end();
  /// Ends it as if nothing had been given.
  void abandon() noexcept;

 private:
  friend bool capture_wait(const std::shared_ptr<StreamState>& consumer,
                           const StreamState& producer);
  struct Lane {
    std::size_t open;                // the segment that takes commands now; `none` for a new one
    std::size_t last;                // the last segment; `none` before the first
    std::vector<std::size_t> after;  // what the next segment waits for
    Clock clock;                     // all that it comes after, lanes being its streams
  };
  static constexpr auto none = static_cast<std::size_t>(-1);

  explicit CaptureSession(const std::shared_ptr<StreamState>& origin);
  std::size_t lane_of(const StreamState& stream) const;  // its place in `work_.lanes`
  Point point_of(std::size_t segment) const { return {work_.segments[segment].lane, segment + 1}; }
  bool is_after(std::size_t lane, std::size_t segment) const;
  void put_after(std::size_t lane, std::size_t segment);
  void meet_hazards(std::size_t lane, const RecordedCommand& command);
  void wait(std::size_t consumer, std::size_t producer);
  void close() noexcept;

  mutable std::mutex mutex_;
  bool is_over_ = false;
  RecordedWork work_;
  std::size_t commands_ = 0;
  std::vector<Lane> lanes_;
  std::vector<Clock> clocks_;  // of each segment's lane as it began
};

/// Stream::wait(stream) where one of the two captures. False if neither does.
/// @throws CaptureError  `producer` takes no part in the consumer's capture, or in another one.
bool capture_wait(const std::shared_ptr<StreamState>& consumer, const StreamState& producer);

}  // namespace dovetail::detail
