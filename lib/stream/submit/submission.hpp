// SPDX-License-Identifier: Apache-2.0
// Gives work to a stream in the right order: what every layer that enqueues goes through.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <mutex>
#include <string_view>

#include "dovetail/stream/stream.hpp"
#include "lib/stream/capture/recorded_command.hpp"
#include "lib/stream/submit/command_name.hpp"
#include "lib/stream/submit/marker.hpp"
#include "lib/stream/submit/tracked_use.hpp"

namespace dovetail::detail {

struct EventState;
class RecordingProgress;

/// Whether a piece of work tells all that it touches.
enum class Declared : bool { no, yes };

/// Refuses what would otherwise wait for ever for a lock of this thread's own: it is in the midst
/// of a Submission.
/// @throws Error  it is.
void check_not_submitting(const StreamState& stream, std::string_view function);

/// One piece of work on its way into a queue.
///
/// Made before the work is enqueued, it takes the stream's next ticket and inserts the waits that
/// are missing; destroyed after, it publishes the ticket. Between the two no other thread enqueues
/// on the stream through Dovetail, and the maker must not give work to any stream. If enqueuing
/// fails the ticket stands for nothing, which does no harm.
///
/// On a stream that captures, the work is recorded instead, and must not be enqueued.
class Submission {
 public:
  /// @param uses  All memory that the work touches.
  /// @param work  How the work is recorded; null for work that cannot be.
  /// @param declared  no: it may touch any memory of the context, so it comes after all work that
  ///                  the context's streams have been given, and before all that they are given
  ///                  from its end on.
  /// @throws CommandError  the stream has failed, or what the work depends on has.
  /// @throws CaptureError  the stream captures and the work cannot be recorded; or it reads results
  ///                       of a recording that was never submitted.
  Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
             Recordable* work = nullptr, Declared declared = Declared::yes);
  /// A part of a recording, which reads what recordings from later captures are to write as it is.
  Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
             const RecordingProgress& replayed);
  ~Submission();
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  bool is_captured() const noexcept { return ticket_ == 0; }
  cl_command_queue queue() const noexcept { return queue_; }
  std::uint64_t ticket() const noexcept { return ticket_; }
  /// Returns a marker for the work's own `event`, whose reference it takes over.
  MarkerHandle mark(cl_event event) const;

 private:
  Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
             Recordable* work, Declared declared, std::uint64_t recording);
  void insert_waits(const TrackedUses& uses, const CommandName& name, std::uint64_t recording);
  void publish() noexcept;

  StreamState* stream_;
  cl_command_queue queue_;
  std::unique_lock<std::mutex> order_;
  std::uint64_t ticket_ = 0;
  Declared declared_;
};

/// Refuses what a Submission of a recording with these uses would refuse now, and submits nothing.
/// @throws CommandError, CaptureError  as there.
void check_replay(const Stream& stream, const TrackedUses& uses, const CommandName& name,
                  const RecordingProgress& replayed);

/// Makes what `stream` is given from now on wait for a point of another stream, or for an event.
/// @param foreign  Others enqueue on the point's stream.
void wait_for_point(StreamState& stream, Point point, bool foreign, const char* function);
void wait_for_event(StreamState& stream, const EventState& event, const char* function);

}  // namespace dovetail::detail
