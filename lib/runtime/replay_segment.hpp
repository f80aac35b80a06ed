// SPDX-License-Identifier: Apache-2.0
// A recorded segment, ready to be submitted.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "lib/stream/capture/capture_session.hpp"
#include "lib/stream/capture/command_buffer.hpp"
#include "lib/stream/submit/submission.hpp"

namespace dovetail::detail {

/// Adds what one more piece of work does to what the work before it does, all together.
void add_to(TrackedUses& all, const TrackedUse& use);

/// Commands of a recording that are submitted as one piece of work. Not thread-safe.
class ReplaySegment {
 public:
  explicit ReplaySegment(RecordedSegment recorded);

  std::size_t lane() const noexcept { return recorded_.lane; }
  const std::vector<std::size_t>& after() const noexcept { return recorded_.after; }
  const std::vector<std::unique_ptr<RecordedCommand>>& commands() const noexcept {
    return recorded_.commands;
  }

  const TrackedUses& uses() const noexcept { return *uses_; }

  /// One of its commands has changed.
  void refresh();

  /// Gives it to `stream`, and returns the point behind it.
  Point submit(const Stream& stream, bool as_command_buffer, const RecordingProgress& progress);

 private:
  void collect_uses();
  /// The command buffer; null if `stream` cannot run it.
  const CommandBuffer* buffer_for(const Stream& stream);
  void enqueue_list(const Stream& stream, const Submission& submission) const;

  RecordedSegment recorded_;
  std::unique_ptr<TrackedUses> uses_;
  std::unique_ptr<CommandBuffer> buffer_;
  bool buffer_is_for_profiling_ = false;
};

}  // namespace dovetail::detail
