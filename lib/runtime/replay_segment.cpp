// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/replay_segment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/core/opencl_check.hpp"
#include "lib/stream/stream_access.hpp"
#include "lib/stream/submit/with_room.hpp"

namespace dovetail::detail {

void add_to(TrackedUses& all, const TrackedUse& use) {
  for (TrackedUse& earlier : all) {
    if (earlier.memory != use.memory) continue;
    if (earlier.range == use.range) {
      if (earlier.access == Access::read && use.access != Access::read) {
        earlier.access = Access::read_write;
      }
      return;  // written first: what is read later is not from before
    }
    const bool is_covered =
        earlier.range.begin <= use.range.begin && use.range.end <= earlier.range.end;
    if (is_covered && earlier.access == Access::write) return;
    if (is_covered && earlier.access == use.access) return;
  }
  all.push_back(use);
}

ReplaySegment::ReplaySegment(RecordedSegment recorded) : recorded_(std::move(recorded)) {
  collect_uses();
}

void ReplaySegment::collect_uses() {
  uses_ = std::make_unique<TrackedUses>();
  for (const auto& command : recorded_.commands) {
    for (const TrackedUse& use : command->uses()) add_to(*uses_, use);
  }
}

void ReplaySegment::refresh() {
  collect_uses();
  buffer_.reset();
}

const CommandBuffer* ReplaySegment::buffer_for(const Stream& stream) {
  if (!buffer_) {
    auto buffer = std::make_unique<CommandBuffer>(stream.device(), stream.get());
    for (const auto& command : recorded_.commands) command->add_to(*buffer);
    buffer->finalize();
    buffer_ = std::move(buffer);
    buffer_is_for_profiling_ = stream.has_profiling();
  }
  return buffer_is_for_profiling_ == stream.has_profiling() ? buffer_.get() : nullptr;
}

Point ReplaySegment::submit(const Stream& stream, bool as_command_buffer,
                            const RecordingProgress& progress) {
  const CommandBuffer* const buffer = as_command_buffer ? buffer_for(stream) : nullptr;
  const Submission submission(stream, *uses_, {"", "recording"}, progress);
  if (buffer != nullptr) {
    check(enqueue_with_room(stream.context(), [&] { return buffer->enqueue(submission.queue()); }),
          "clEnqueueCommandBufferKHR");
  } else {
    enqueue_list(stream, submission);
  }
  return {stream.id(), submission.ticket()};
}

void ReplaySegment::enqueue_list(const Stream& stream, const Submission& submission) const {
  for (std::size_t i = 0; i < recorded_.commands.size(); ++i) {
    const RecordedCommand& command = *recorded_.commands[i];
    const cl_int status =
        enqueue_with_room(stream.context(), [&] { return command.enqueue(submission.queue()); });
    if (status == CL_SUCCESS) [[likely]]
      continue;
    const std::string what = fmt::format("recording: command {} of {}, {}", i,
                                         recorded_.commands.size(), command.name());
    if (i > 0) {  // what comes later must not build on the part that is on the queue
      fail(stream, submission.ticket() - 1, status, "Recording::replay", what);
    }
    throw_opencl_error(status, "Recording::replay", SourceLocation::current(), what);
  }
}

}  // namespace dovetail::detail
