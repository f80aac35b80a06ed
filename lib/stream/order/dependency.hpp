// SPDX-License-Identifier: Apache-2.0
// What work depends on.
#pragma once

#include <memory>

#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/point.hpp"
#include "lib/stream/order/stream_registry.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/submit/tracked_use.hpp"

namespace dovetail::detail {

/// What new work has to come after.
struct Dependency {
  Point producer;
  bool foreign;
  Hazard hazard;
  const TrackedUse* use;                 // null when asked for by Stream::wait
  const MarkerHandle* marker = nullptr;  // an event to wait for, rather than one to be made
};

using Dependencies = SmallVector<Dependency, 8>;

/// One dependency for each stream: the latest.
inline void add_dependency(Dependencies& all, const Dependency& found) {
  for (Dependency& known : all) {
    if (known.producer.stream != found.producer.stream) continue;
    const bool foreign = known.foreign || found.foreign;
    if (known.producer.ticket < found.producer.ticket) known = found;
    known.foreign = foreign;
    return;
  }
  all.push_back(found);
}

/// Refuses work that depends on failed work, before anything is noted of it.
/// @throws CommandError  what it depends on has failed.
/// @throws Error         what it depends on is on a queue that nobody can wait for any more.
void check_sources(const StreamState& stream, const Dependencies& dependencies,
                   const CommandName& name);
/// The same for one failure, which concerns work after a ticket, and for one stream that is gone.
void throw_if_failed(const std::shared_ptr<const Failure>& why, Point producer,
                     const CommandName& name);
void throw_if_lost(const StreamRemains& producer, Point point, const StreamState& stream,
                   const CommandName& name);

}  // namespace dovetail::detail
