// SPDX-License-Identifier: Apache-2.0
// The cells of `dovetail scaling`, one after another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/commands/scaling/cell.hpp"
#include "tools/measure/requests.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

struct ScalingOptions {
  std::vector<unsigned> threads{1, 2, 4, 8, 16};
  std::vector<Path> paths{Path::raw, Path::stream, Path::clblast, Path::kernel};
  std::vector<Queue> queues{Queue::shared, Queue::separate, Queue::pool, Queue::process};
  std::vector<Sync> syncs{Sync::per_op, Sync::event, Sync::async};
  std::vector<Work> works{Work::empty, Work::launch, Work::memory, Work::compute};
  bool quick = false;
  std::uint64_t seed = 1;
};

/// Measures every cell of the options' product, with progress on the terminal. Adds rows, and what
/// could not be measured, to `results`; it rejects a wrong result and does not time it.
void run_scaling(const ScalingOptions& options, Results& results);

/// Adds what a sweep asks of worker processes.
void add_scaling_requests(Requests& requests, std::uint64_t seed);

}  // namespace dovetail::tool
