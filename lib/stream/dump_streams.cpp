// SPDX-License-Identifier: Apache-2.0
// Who waits for whom, for a message or a person.
#include <fmt/format.h>

#include <map>

#include "dovetail/stream/stream.hpp"
#include "lib/stream/order/stream_registry.hpp"
#include "lib/stream/order/stream_state.hpp"

namespace dovetail {
namespace {

using detail::StreamRemains;
using detail::StreamState;

std::string describe(const StreamState& stream) {
  const std::uint64_t enqueued = stream.timeline.enqueued();
  const std::uint64_t completed = stream.timeline.completed();
  std::string text = fmt::format("{} ({}{}): ", stream.label(), to_string(stream.origin),
                                 stream.foreign.is_shared() ? ", shared with others" : "");
  if (enqueued == completed) {
    text += fmt::format("given {}, all known to be done\n", enqueued);
  } else {
    text += fmt::format("given {}, of which {} are known to be done; since then {}\n", enqueued,
                        completed, stream.describe_commands(completed, enqueued));
  }
  for (const auto& wait : stream.timeline.inserted_waits()) {
    const cl_int status = wait.marker->status_if_known();
    if (status == CL_COMPLETE) continue;
    const Point covers = wait.marker->covers;
    text += fmt::format("  from ticket {} on it waits for {}{}\n", wait.from,
                        covers.stream == 0 ? "an event of somebody else"
                                           : fmt::format("stream #{} up to ticket {}",
                                                         covers.stream, covers.ticket),
                        status < 0 ? ", which failed" : "");
  }
  if (const auto failure = stream.failure.current())
    text += fmt::format("  it has failed: {}\n", failure->what);
  return text;
}

std::string describe(const StreamRemains& stream) {
  std::string text = fmt::format(
      "{} (its last handle is gone): given {}, of which {} are known to be done; since then {}\n",
      stream.label(), stream.enqueued, stream.completed, stream.describe_commands());
  if (!stream.lost.empty()) text += fmt::format("  {}\n", stream.lost);
  if (stream.failure) text += fmt::format("  it has failed: {}\n", stream.failure->what);
  return text;
}

}  // namespace

std::string dump_streams() {
  std::map<std::uint64_t, std::string> lines;
  detail::look_at_retired_streams();
  for (const StreamRemains& stream : detail::retired_streams()) {
    lines[stream.id] = describe(stream);
  }
  for (const auto& stream : detail::streams_alive()) lines[stream->id] = describe(*stream);
  std::string text;
  for (const auto& [id, line] : lines) text += line;
  return text;
}

}  // namespace dovetail
