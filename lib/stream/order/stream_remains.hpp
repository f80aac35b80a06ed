// SPDX-License-Identifier: Apache-2.0
// What lives on of a stream that is gone.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/stream/order/clock.hpp"
#include "lib/stream/order/failure_state.hpp"
#include "lib/stream/submit/marker.hpp"
#include "lib/stream/submit/recent_commands.hpp"

namespace dovetail::detail {

/// Kept when a stream's last handle goes while its work may still run, or has failed.
struct StreamRemains {
  std::uint64_t id = 0;
  cl_context context = nullptr;
  std::uint64_t enqueued = 0;
  std::uint64_t completed = 0;  ///< Work up to here is done.
  ClockSnapshot clock = std::make_shared<const Clock>();
  MarkerHandle last;  ///< Behind all its work; empty once that is over, and where it is lost.
  std::shared_ptr<const Failure> failure;
  std::string lost;               ///< Why nobody can wait for its work; empty where that is not so.
  std::vector<NamedWork> recent;  ///< The last pieces of the work after `completed`.

  std::string label() const { return stream_label(id); }
  /// Describes the work that is not known to be done, as far as it is remembered.
  std::string describe_commands() const { return describe(recent, enqueued - completed); }
  /// Returns whether nothing of its work runs any more.
  bool is_over() const noexcept { return !last && lost.empty(); }
};

}  // namespace dovetail::detail
