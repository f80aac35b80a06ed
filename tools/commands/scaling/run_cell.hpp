// SPDX-License-Identifier: Apache-2.0
// Runs one cell of the scaling table inside this process.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "dovetail/stream/stream_pool.hpp"
#include "tools/commands/scaling/cell.hpp"
#include "tools/commands/scaling/work.hpp"

namespace dovetail::tool {

/// The operations, streams and pool that cells of this process use.
class CellRunner {
 public:
  CellRunner(const Context& context, std::uint64_t seed);

  /// Makes, verifies and warms up what the cell needs. Call it before `run` and `count_calls`.
  void prepare(const Cell& cell);

  struct Timing {
    std::chrono::steady_clock::time_point start, end;
    std::uint64_t ops;
    double seconds() const { return std::chrono::duration<double>(end - start).count(); }
  };

  /// Runs `ops` operations in all, rounded to an equal number for each thread, at least 1. All
  /// threads start at the same moment, not before `start`; the last to end sets `end`.
  Timing run(const Cell& cell, std::uint64_t ops, std::chrono::steady_clock::time_point start = {});

  /// Counts the OpenCL calls of each operation, by entry point, over a few operations.
  /// @throws Error  this process runs without the counting layer.
  std::map<std::string, double> count_calls(const Cell& cell);

 private:
  std::vector<Stream> streams_for(const Cell& cell);

  OperationTable operations_;
  std::vector<Stream> streams_;  // made as needed; the first is the shared one
  StreamPool pool_;
  Context context_;
};

}  // namespace dovetail::tool
