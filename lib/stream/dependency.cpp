// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/dependency.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {

void throw_if_failed(const std::shared_ptr<const Failure>& why, Point producer,
                     const CommandName& name) {
  if (!why || producer.ticket <= why->after) return;
  Failure inherited = *why;
  inherited.what =
      fmt::format("{} depends on stream #{}: {}", name.str(), producer.stream, why->what);
  throw_command_error(inherited, "Stream");
}

void throw_if_lost(const StreamRemains& producer, const StreamState& stream,
                   const CommandName& name) {
  if (producer.last) return;
  throw Error(fmt::format(
      "[Stream] {} on {} depends on work that was given to stream #{}, a borrowed queue, and the "
      "last handle to that stream is gone, so nothing can be waited for; keep a handle, use "
      "Stream::retain, or synchronize() before it goes.",
      name.str(), stream.label(), producer.id));
}

void check_sources(const StreamState& stream, const Dependencies& dependencies,
                   const CommandName& name) {
  for (const Dependency& dependency : dependencies) {
    const Producer producer = find_producer(dependency.producer.stream);
    if (producer.alive) {
      throw_if_failed(producer.alive->current_failure(), dependency.producer, name);
    }
    if (producer.remains) {
      throw_if_failed(producer.remains->failure, dependency.producer, name);
      throw_if_lost(*producer.remains, stream, name);
    }
  }
}

}  // namespace dovetail::detail
