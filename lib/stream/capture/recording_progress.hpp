// SPDX-License-Identifier: Apache-2.0
// How far a recording has got: its state machine.
#pragma once

#include <atomic>
#include <cstdint>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {

enum class RecordingStatus : unsigned char {
  pending,     ///< Never submitted: there are no results yet.
  submitting,  ///< For the first time, which may fail.
  submitted,   ///< At least once.
  discarded,   ///< Gone: if it was never submitted, no results are to come.
};

/// Returns whether a recording may go from one state to the other.
constexpr bool is_transition(RecordingStatus from, RecordingStatus to) noexcept {
  using enum RecordingStatus;
  switch (to) {
    case pending:  // what was refused may be tried again
    case submitted:
      return from == submitting;
    case submitting:
      return from == pending;
    case discarded:
      break;
  }
  return from != discarded;
}

/// As the memory that a recording writes knows it. Thread-safe, but one thread at a time submits.
class RecordingProgress {
 public:
  RecordingProgress() : number_(next_number.fetch_add(1, std::memory_order_relaxed)) {}
  RecordingProgress(const RecordingProgress&) = delete;
  RecordingProgress& operator=(const RecordingProgress&) = delete;

  /// Rises from capture to capture.
  std::uint64_t number() const noexcept { return number_; }
  RecordingStatus status() const noexcept { return status_.load(std::memory_order_acquire); }
  bool is_pending() const noexcept { return status() == RecordingStatus::pending; }
  /// Returns whether no first submission is to come.
  bool is_settled() const noexcept { return status() >= RecordingStatus::submitted; }

  /// @throws Error  the state machine has no such transition.
  void transition(RecordingStatus to) {
    if (!is_transition(status(), to)) {
      throw Error("[Recording] it is being submitted by another thread, or was discarded.");
    }
    status_.store(to, std::memory_order_release);
  }

  /// Calls `submit()`, and goes through the states of the first submission if this is it.
  template <typename Submit>
  void submitting(const Submit& submit) {
    if (status() == RecordingStatus::submitted) return submit();
    transition(RecordingStatus::submitting);
    try {
      submit();
    } catch (...) {
      transition(RecordingStatus::pending);
      throw;
    }
    transition(RecordingStatus::submitted);
  }

  /// The recording goes.
  void discard() noexcept { status_.store(RecordingStatus::discarded, std::memory_order_release); }

 private:
  static inline std::atomic<std::uint64_t> next_number{1};
  const std::uint64_t number_;
  std::atomic<RecordingStatus> status_{RecordingStatus::pending};
};

/// A number behind those of all recordings: of work that is none's.
inline constexpr auto no_recording = static_cast<std::uint64_t>(-1);

}  // namespace dovetail::detail
