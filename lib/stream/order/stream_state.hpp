// SPDX-License-Identifier: Apache-2.0
// What stands behind the handles Stream and Event.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "dovetail/core/context.hpp"
#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/stream.hpp"
#include "lib/stream/capture/capture_slot.hpp"
#include "lib/stream/order/failure_state.hpp"
#include "lib/stream/order/foreign_work.hpp"
#include "lib/stream/order/stream_counters.hpp"
#include "lib/stream/order/stream_remains.hpp"
#include "lib/stream/order/timeline.hpp"
#include "lib/stream/submit/host_wait.hpp"
#include "lib/stream/submit/recent_commands.hpp"
#include "lib/stream/submit/timing_queue.hpp"

namespace dovetail::detail {

/// One per queue; found again through a registry when the same queue is adopted twice.
///
/// Locks, in the order in which a thread may take them: `submit_mutex` (of one stream only), then
/// a CaptureSession's, then the locks of MemoryStates, then that of any one part of a stream; under
/// a FailureState's, the same stream's Timeline's. A thread that waits for another stream's work to
/// be enqueued holds its own `submit_mutex`, and waits only for work whose uses were noted before
/// those of its own; so such waits form no cycle. See docs/design/0008-ordering-core.md.
struct StreamState : std::enable_shared_from_this<StreamState> {
  /// @param before  What remains of an earlier stream of this queue, or the default.
  StreamState(Context context, cl_command_queue queue, StreamOrigin origin, bool profiling,
              bool shared, const StreamRemains& before = {});
  ~StreamState();
  StreamState(const StreamState&) = delete;
  StreamState& operator=(const StreamState&) = delete;

  const Context context;
  const cl_command_queue queue;
  std::atomic<StreamOrigin> origin;
  const bool profiling;
  const std::uint64_t id;

  // Held while work is enqueued: the order of tickets is the order of the queue.
  std::mutex submit_mutex;
  std::uint64_t undeclared_version = 0;  // by submit_mutex: what this stream has followed

  Timeline timeline;
  FailureState failure;
  ForeignWork foreign;
  CaptureSlot capture;
  RecentCommands recent;
  StreamCounters counters;
  HostWait host_wait;
  TimingQueue timing;

  /// Returns `timeline.marker_covering`, counted here.
  Timeline::Covering marker_covering(std::uint64_t ticket, std::uint64_t epoch) {
    return timeline.marker_covering(ticket, epoch, counters);
  }
  /// Makes a marker behind everything on the queue now, whoever put it there; does not flush it.
  MarkerHandle new_marker() { return timeline.new_marker(foreign.epoch()); }

  /// A marker that stands for work of this stream has failed: the stream takes no more work.
  void fail(const Marker& failed, cl_int status, std::string_view call);
  /// Takes work again; all earlier work counts as done.
  /// @param done  Work up to here is done, the one that failed included.
  void reset(std::uint64_t done);
  /// Blocks until everything on the queue now is done.
  void synchronize(const Deadline& deadline, std::string_view function);

  /// @throws CaptureError  the stream captures.
  void check_not_capturing(std::string_view function) const;

  /// Returns what OrderRecorder records of the stream.
  StreamEntry entry() const;
  std::string label() const { return stream_label(id); }
  /// Describes the work with a ticket in (after, until], as far as it is remembered.
  std::string describe_commands(std::uint64_t after, std::uint64_t until) const;

 private:
  /// Returns what remains of it once its last handle is gone; nothing where all is done and well.
  std::optional<StreamRemains> remains() noexcept;
  /// Makes `last` of a queue that Dovetail still holds, or waits until the work is done.
  void mark_end(StreamRemains& remains) noexcept;
};

/// Records, if there is an OrderRecorder, a stream that is new or has changed.
void log_stream(const StreamState& stream);

/// Takes what `reached` covers, on whichever streams, for complete.
void note_completion(const Marker& reached);

struct EventState {
  MarkerHandle marker;
  std::shared_ptr<StreamState> producer;  // empty for a foreign event
};

}  // namespace dovetail::detail
