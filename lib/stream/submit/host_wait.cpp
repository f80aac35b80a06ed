// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/host_wait.hpp"

#include <fmt/format.h>

#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "lib/stream/order/order_log.hpp"
#include "lib/stream/order/stream_state.hpp"

namespace dovetail::detail {

void take_note(const Marker& marker, StreamState* producer, cl_int status,
               std::string_view function) {
  if (status == CL_COMPLETE) return note_completion(marker);
  if (producer != nullptr) {
    producer->fail(marker, status, "clWaitForEvents");
    producer->failure.check(function);
  }
  throw CommandError(status, "clWaitForEvents", SourceLocation::current(),
                     fmt::format("[{}] the event's command failed", function));
}

void synchronize_with(const MarkerHandle& marker, StreamState* producer, const Deadline& deadline,
                      std::string_view function) {
  check_not_forked(function);
  if (producer != nullptr) producer->counters.count_host_wait();
  if (OrderLog::is_on()) {
    OrderLog::add(HostWaitEntry{marker->number, marker->covers, std::string(function)});
  }
  if (deadline) marker->flush();
  if (!marker->wait(deadline)) throw_timed_out(function, producer);
  take_note(*marker, producer, marker->status(), function);
}

void throw_timed_out(std::string_view function, const StreamState* waiting) {
  throw TimedOut(fmt::format("[{}] {} was not done in the time given. Streams:\n{}", function,
                             waiting != nullptr ? waiting->label() : "the event", dump_streams()));
}

}  // namespace dovetail::detail
