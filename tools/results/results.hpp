// SPDX-License-Identifier: Apache-2.0
// What the commands measure, and its JSON form; docs/report.md explains each field.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dovetail/core/device.hpp"
#include "tools/measure/spread.hpp"

namespace dovetail::tool {

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

  /// Per step, counted at OpenCL's entry points.
  struct Counts {
    double waits = 0, elided = 0, bytes_copied = 0;
  };
  std::optional<Counts> counts;  ///< Nothing where calls cannot be counted.
};

/// The most that the device does, measured between the products.
struct Peak {
  Spread f32_gflops;                 ///< Multiply-adds in registers, as two operations each.
  std::optional<Spread> f64_gflops;  ///< Nothing where the device has no double.
  Spread triad_gb_s, read_gb_s;      ///< 1e9 bytes per second.
  std::uint64_t array_bytes = 0;     ///< Of each array that bandwidth was measured on.
  std::uint64_t cache_bytes = 0;     ///< Of the last cache, as the device reports it.

  /// Returns the median that products of a dtype are related to; nothing for i8, and for f64 where
  /// the device has no double.
  std::optional<double> gflops_of(const std::string& dtype) const;
};

struct MatmulRow {
  std::string backend, dtype = "f32", set{}, name{};
  std::uint64_t m = 0, n = 0, k = 0, batch = 1;
  bool transpose_a = false, transpose_b = false;
  std::optional<unsigned> threads{};  ///< Of openblas: the number that was faster.
  Spread us, enqueue_us;
  double gflops = 0, flop_per_byte = 0, relative_error = 0;
  std::optional<double> fraction_of_peak{};

  /// OpenCL calls of one product, by entry point.
  struct Calls {
    std::map<std::string, std::uint64_t> new_arguments, same_arguments;
  };
  std::optional<Calls> calls{};  ///< Nothing for openblas, or where calls cannot be counted.

  /// Compares the dtype too.
  bool same_shape(const MatmulRow& other) const;
};

struct Advice {
  std::string topic, text;
};

/// Something that was asked for and not measured.
struct Skipped {
  std::string what, why;
};

/// Joins what was skipped for one reason: "a, b" and the reason, in the order of first mention.
std::vector<Skipped> by_reason(const std::vector<Skipped>& skipped);

/// One run of the tool.
struct Results {
  std::vector<ScalingRow> scaling;
  std::vector<HandoffRow> handoff;
  std::vector<MatmulRow> matmul;
  std::optional<Peak> peak;  ///< With matmul.
  std::vector<Advice> advice;
  std::vector<Skipped> skipped;
  bool verified = true;  ///< No result failed its verification.

  void skip(std::string what, std::string why);
  /// Skips what gave a wrong result.
  void reject(std::string what, std::string why);
};

/// Returns the number of processor cores that this process may use.
unsigned host_cores();

nlohmann::ordered_json to_json(const Device& device);
nlohmann::ordered_json to_json(const Results& results, const Device& device);

}  // namespace dovetail::tool
