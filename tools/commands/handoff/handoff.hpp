// SPDX-License-Identifier: Apache-2.0
// The scenarios of `dovetail handoff` on shared queues, with events and with finishes.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "tools/results/results.hpp"

namespace dovetail::tool {

struct HandoffOptions {
  unsigned steps = 1000;  ///< Steps of one repetition.
  bool quick = false;
  std::uint64_t seed = 1;
};

/// Measures every scenario with shared queues, events and finishes, and adds rows to `results`. It
/// rejects a wrong result and does not time it.
void run_handoff(const HandoffOptions& options, Results& results);

/// Counts waits and copied bytes of each step, at OpenCL's entry points, in a worker process.
nlohmann::json count_handoff(const nlohmann::json& request);

}  // namespace dovetail::tool
