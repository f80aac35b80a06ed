// SPDX-License-Identifier: Apache-2.0
// Gives work to a stream in the right order: what every layer that enqueues goes through.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/memory_use.hpp"
#include "dovetail/stream/stream.hpp"
#include "lib/stream/memory_state.hpp"
#include "lib/stream/small_vector.hpp"
#include "lib/stream/stream_state.hpp"

namespace dovetail::detail {

/// A use of memory as the ordering core sees it. The memory must outlive the submission.
struct TrackedUse {
  MemoryState* memory;
  ByteRange range;
  Access access;
};

using TrackedUses = SmallVector<TrackedUse, 12>;

/// One piece of work on its way into a queue.
///
/// Made before the work is enqueued, it takes the stream's next ticket and inserts the waits that
/// are missing; destroyed after, it publishes the ticket. Between the two no other thread enqueues
/// on the stream through Dovetail, and the maker must not give work to any stream. If enqueuing
/// fails the ticket stands for nothing, which does no harm.
class Submission {
 public:
  /// @param uses  All memory that the work touches.
  /// @throws CommandError  the stream has failed, or what the work depends on has.
  Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name);
  ~Submission();
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  cl_command_queue queue() const noexcept { return stream_->queue; }
  std::uint64_t ticket() const noexcept { return ticket_; }

 private:
  StreamState* stream_;
  std::unique_lock<std::mutex> order_;
  std::uint64_t ticket_ = 0;
};

/// The use of a part of a buffer; nothing for an empty one.
inline void add_use(TrackedUses& uses, const BufferView& view, Access access) {
  const BufferHandle handle = handle_of(view.buffer);
  if (handle.tracking == nullptr || view.nbytes == 0) return;
  const std::size_t begin = handle.begin + view.offset;
  uses.push_back({handle.tracking, {begin, begin + view.nbytes}, access});
}

/// Makes what `stream` is given from now on wait for a point of another stream, or for an event.
/// @param foreign  Others enqueue on the point's stream.
void wait_for_point(StreamState& stream, Point point, bool foreign, const char* function);
void wait_for_event(StreamState& stream, const EventState& event, const char* function);

}  // namespace dovetail::detail
