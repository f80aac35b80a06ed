// SPDX-License-Identifier: Apache-2.0
// Markers: OpenCL events that stand for points of streams.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "dovetail/stream/point.hpp"
#include "lib/stream/order/clock.hpp"

namespace dovetail::detail {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// @throws InvalidArgument  a negative limit.
Deadline deadline_after(std::string_view function, std::chrono::nanoseconds limit);

/// Whether a command with this status is complete or has failed.
constexpr bool is_over(cl_int status) noexcept { return status <= CL_COMPLETE; }

/// An event on a queue, and what it stands for. Shared by all who wait for it.
struct Marker {
  /// Takes over one reference to `event`.
  Marker(cl_event event, Point covers, std::uint64_t epoch, ClockSnapshot clock);
  ~Marker();
  Marker(const Marker&) = delete;
  Marker& operator=(const Marker&) = delete;

  /// CL_COMPLETE, a positive status, or a negative one after a failure. Asks the driver at most
  /// until it is complete.
  /// @throws OpenCLError  the driver does not answer.
  cl_int status() const;
  /// The status, or CL_QUEUED where the driver does not answer: then it is not known to be over.
  cl_int status_if_known() const noexcept;

  /// Blocks the host until the event is over; one of several threads waits, the others follow it.
  /// Returns false once `deadline` has passed, and only then.
  /// The outcome, a failure included, is left to `status()`.
  /// @throws OpenCLError  the driver does not answer; the event may not be over.
  bool wait(const Deadline& deadline) const;

  /// Has the driver start what stands before the event.
  void flush() const;

  cl_event event;
  cl_command_queue foreign_queue = nullptr;  ///< A reference to that of somebody else's event.
  std::uint64_t number;                      ///< Unique in the process.
  Point covers;                              ///< Stream 0 for somebody else's event.
  std::uint64_t epoch;  ///< What it covers of others' work; see ForeignWork::epoch.
  ClockSnapshot clock;  ///< What the stream itself was ordered after by then.
  mutable std::atomic<bool> is_flushed{false};

 private:
  mutable std::atomic<bool> is_complete_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable waited_;
  mutable bool has_waiter_ = false;
};

using MarkerHandle = std::shared_ptr<const Marker>;

struct TrackedMemory;
/// Returns markers behind all uses of the memory that are not known to be done; nothing where one
/// of them cannot be marked, since it is on a queue that is gone.
/// @param is_lent_out  Others may have enqueued work with it where Dovetail did.
std::optional<std::vector<MarkerHandle>> markers_behind(const TrackedMemory& memory,
                                                        bool is_lent_out);

/// Enqueues a marker behind all that is on `queue`; the caller takes over the reference.
cl_event enqueue_marker(cl_command_queue queue);
/// Tells OrderRecorder, if there is one, of a new marker.
void log_marker(const Marker& marker);

}  // namespace dovetail::detail
