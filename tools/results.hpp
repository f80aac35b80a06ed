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

/// What the device can do at most, measured between the products.
struct Peak {
  Spread f32_gflops;                 ///< Multiply-adds in registers, as two operations each.
  std::optional<Spread> f64_gflops;  ///< Nothing where the device has no double.
  Spread triad_gb_s, read_gb_s;      ///< 1e9 bytes per second.
  std::uint64_t array_bytes = 0;     ///< Of each array that bandwidth was measured on.
  std::uint64_t cache_bytes = 0;     ///< What the device says of its last cache.

  /// The median that products of a dtype are held against; nothing for i8 or without double.
  std::optional<double> gflops_of(const std::string& dtype) const;
};

struct MatmulRow {
  std::string backend, dtype = "f32", set{}, name{};
  std::uint64_t m = 0, n = 0, k = 0, batch = 1;
  bool transpose_a = false, transpose_b = false;
  std::optional<unsigned> threads{};  ///< Of openblas: the number that was faster.
  Spread us;
  double enqueue_us = 0, gflops = 0, flop_per_byte = 0, relative_error = 0;
  std::optional<double> fraction_of_peak{};

  /// OpenCL calls of one product, by entry point.
  struct Calls {
    std::map<std::string, std::uint64_t> new_arguments, same_arguments;
  };
  std::optional<Calls> calls{};  ///< Nothing for openblas, or where calls cannot be counted.

  double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) *
           static_cast<double>(batch);
  }
  /// And dtype.
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
  std::optional<Peak> peak;  ///< With matmul.
  std::vector<Advice> advice;
  std::vector<Skipped> skipped;
  bool verified = true;  ///< No result failed its verification.
};

/// Processor cores that this process may use.
unsigned host_cores();

nlohmann::ordered_json to_json(const Device& device);
nlohmann::ordered_json to_json(const Results& results, const Device& device);

}  // namespace dovetail::tool
