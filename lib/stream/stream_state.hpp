// SPDX-License-Identifier: Apache-2.0
// What stands behind the handles Stream and Event.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "dovetail/core/context.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::detail {

/// One per queue; found again through a registry when the same queue is adopted twice.
struct StreamState {
  StreamState(Context context, cl_command_queue queue, StreamOrigin origin, bool profiling);
  ~StreamState();
  StreamState(const StreamState&) = delete;
  StreamState& operator=(const StreamState&) = delete;

  Context context;
  cl_command_queue queue;
  std::atomic<StreamOrigin> origin;
  bool profiling;
  std::uint64_t id;
};

struct EventState {
  EventState(cl_event event, std::shared_ptr<StreamState> producer);  // takes over one reference
  ~EventState();
  EventState(const EventState&) = delete;
  EventState& operator=(const EventState&) = delete;

  cl_event event;
  std::shared_ptr<StreamState> producer;  // empty for a foreign event
};

/// Blocks on `event`.
/// @throws OpenCLError  with the event's own status; that of a marker behind a failed command tells
///                      of the failure, not of its kind.
void wait_for_event(cl_event event);

}  // namespace dovetail::detail
