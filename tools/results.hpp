// SPDX-License-Identifier: Apache-2.0
// What the subcommands measure, and its JSON form; docs/report.md explains each field.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dovetail/core/device.hpp"

namespace dovetail::tool {

/// Smallest, middle and largest of some measurements.
struct Spread {
  double min = 0, median = 0, max = 0;

  /// @param values  At least one.
  static Spread of(std::vector<double> values);
};

struct ScalingRow {
  std::string path, queue, sync, work;
  unsigned threads = 0;
  std::uint64_t ops = 0;  ///< Operations timed in each repetition.
  Spread ops_per_s;
  double speedup = 0, efficiency = 0;
  std::map<std::string, double> calls_per_op;
};

struct HandoffRow {
  std::string scenario, queues;
  Spread us_per_step;

  /// Counted at OpenCL's entry points, for each step.
  struct Counts {
    double waits = 0, elided = 0, bytes_copied = 0;
  };
  std::optional<Counts> counts;  ///< Nothing where calls cannot be counted.
};

struct MatmulRow {
  std::string backend;
  std::uint64_t m = 0, n = 0, k = 0, batch = 1;
  bool transpose_a = false, transpose_b = false;
  Spread us;
  double enqueue_us = 0, gflops = 0, relative_error = 0;

  double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) *
           static_cast<double>(batch);
  }
  bool same_shape(const MatmulRow& other) const;
};

struct Advice {
  std::string topic, text;
};

/// Something that was asked for and not measured.
struct Skipped {
  std::string what, why;
};

/// One run of the tool.
struct Results {
  std::vector<ScalingRow> scaling;
  std::vector<HandoffRow> handoff;
  std::vector<MatmulRow> matmul;
  std::vector<Advice> advice;
  std::vector<Skipped> skipped;
  bool verified = true;  ///< No result failed its verification.
};

/// Processor cores that this process may use.
unsigned host_cores();

nlohmann::ordered_json to_json(const Device& device);
nlohmann::ordered_json to_json(const Results& results, const Device& device);

}  // namespace dovetail::tool
