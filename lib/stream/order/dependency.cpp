// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/dependency.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/stream/order/undeclared_work.hpp"

namespace dovetail::detail {

void throw_if_failed(const std::shared_ptr<const Failure>& why, Point producer,
                     const CommandName& name) {
  if (!why || producer.ticket <= why->after) return;
  Failure inherited = *why;
  inherited.what =
      fmt::format("{} depends on stream #{}: {}", name.str(), producer.stream, why->what);
  throw_command_error(inherited, "Stream");
}

void throw_if_lost(const StreamRemains& producer, Point point, const StreamState& stream,
                   const CommandName& name) {
  if (producer.lost.empty() || point.ticket <= producer.completed) return;
  throw Error(fmt::format(
      "[Stream] {} on {} depends on work up to {} that was given to {}, {}, so nothing can be "
      "waited for; keep a handle, use Stream::retain, or synchronize() before it goes. If the work "
      "is known to be done, as after the owner's clFinish, say so: "
      "Stream::declare_done({{.stream = {}, .ticket = {}}}).",
      name.str(), stream.label(), point.ticket, producer.label(), producer.lost, producer.id,
      producer.enqueued));
}

void check_sources(const StreamState& stream, const Dependencies& dependencies,
                   const CommandName& name) {
  for (const Dependency& dependency : dependencies) {
    const Producer producer = find_producer(dependency.producer.stream);
    if (producer.alive) {
      throw_if_failed(producer.alive->failure.current(), dependency.producer, name);
    }
    if (producer.remains) {
      // Nobody can reset it, so the first piece of work behind it is told, for all.
      if (dependency.hazard == Hazard::undeclared && producer.remains->failure) {
        UndeclaredWork::forget(dependency.producer.stream);
      }
      throw_if_failed(producer.remains->failure, dependency.producer, name);
      throw_if_lost(*producer.remains, dependency.producer, stream, name);
    }
  }
}

}  // namespace dovetail::detail
