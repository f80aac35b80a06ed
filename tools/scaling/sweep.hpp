// SPDX-License-Identifier: Apache-2.0
// `dovetail scaling`: operations per second over threads, queues, ways to wait and kinds of work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/results.hpp"
#include "tools/scaling/cell.hpp"

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

/// Measures every cell of the options' product; adds rows, and what could not be measured, to
/// `results`; a wrong result is not timed and sets `results.verified` to false. Shows progress.
void run_scaling(const ScalingOptions& options, Results& results);

}  // namespace dovetail::tool
