// SPDX-License-Identifier: Apache-2.0
// `dovetail handoff`: what it costs to pass data between layers that share a queue, and that do
// not.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "tools/results.hpp"

namespace dovetail::tool {

struct HandoffOptions {
  unsigned steps = 1000;  ///< Steps of one repetition.
  bool quick = false;
  std::uint64_t seed = 1;
};

/// Measures every scenario with shared queues, events and finishes; adds rows to `results`.
/// A wrong result is not timed and sets `results.verified` to false.
void run_handoff(const HandoffOptions& options, Results& results);

/// Waits and bytes copied of each step, counted at OpenCL's entry points; for the worker.
nlohmann::json count_handoff(std::string_view scenario, std::string_view queues);

}  // namespace dovetail::tool
