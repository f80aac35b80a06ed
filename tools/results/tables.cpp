// SPDX-License-Identifier: Apache-2.0
#include "tools/results/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace dovetail::tool {
namespace {

using Output = std::back_insert_iterator<std::string>;

/// Writes one line for all thread counts of a path, queue, sync and work.
void scaling_table(const std::vector<ScalingRow>& rows, Output out) {
  std::set<unsigned> threads;
  for (const ScalingRow& row : rows) threads.insert(row.threads);
  fmt::format_to(out, "\nScaling: thousand operations per second, by number of threads\n");
  fmt::format_to(out, "{:<8} {:<8} {:<9} {:<7}", "path", "work", "queue", "sync");
  for (const unsigned count : threads) fmt::format_to(out, " {:>9}", count);
  fmt::format_to(out, "  speedup  calls/op\n");
  for (std::size_t i = 0; i < rows.size();) {
    const ScalingRow& first = rows[i];
    fmt::format_to(out, "{:<8} {:<8} {:<9} {:<7}", first.path, first.work, first.queue, first.sync);
    double speedup = 1;
    for (; i < rows.size() && rows[i].path == first.path && rows[i].work == first.work &&
           rows[i].queue == first.queue && rows[i].sync == first.sync;
         ++i) {
      fmt::format_to(out, " {:>9.2f}", rows[i].ops_per_s.median / 1000);
      speedup = std::max(speedup, rows[i].speedup);
    }
    double calls = 0;
    for (const auto& [name, count] : first.calls_per_op) calls += count;
    fmt::format_to(out, " {:>7.2f}x {:>9}\n", speedup,
                   calls > 0 ? fmt::format("{:.1f}", calls) : "-");
  }
}

void handoff_table(const std::vector<HandoffRow>& rows, Output out) {
  fmt::format_to(out, "\nHand-off: microseconds per step (min / median / max)\n");
  fmt::format_to(out, "{:<18} {:<7} {:>9} {:>9} {:>9} {:>11} {:>12} {:>12}\n", "scenario", "queues",
                 "min", "median", "max", "waits/step", "elided/step", "bytes copied");
  for (const HandoffRow& row : rows) {
    const auto count = [&](double HandoffRow::Counts::*member) {
      return row.counts ? fmt::format("{:.2f}", (*row.counts).*member) : std::string("-");
    };
    fmt::format_to(out, "{:<18} {:<7} {:>9.2f} {:>9.2f} {:>9.2f} {:>11} {:>12} {:>12}\n",
                   row.scenario, row.queues, row.us_per_step.min, row.us_per_step.median,
                   row.us_per_step.max, count(&HandoffRow::Counts::waits),
                   count(&HandoffRow::Counts::elided), count(&HandoffRow::Counts::bytes_copied));
  }
}

std::string shape_label(const MatmulRow& row) {
  return fmt::format("{}{}x{}x{} {}{}", row.batch > 1 ? fmt::format("{}*", row.batch) : "", row.m,
                     row.n, row.k, row.transpose_a ? 't' : 'n', row.transpose_b ? 't' : 'n');
}

std::uint64_t total(const std::map<std::string, std::uint64_t>& calls) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : calls) sum += count;
  return sum;
}

void peak_lines(const Peak& peak, Output out) {
  const auto show = [](const Spread& spread) {
    return fmt::format("{:.1f} ({:.1f} to {:.1f})", spread.median, spread.min, spread.max);
  };
  fmt::format_to(out, "\nPeak of the device, measured: {} GFLOP/s float32, {} float64;\n",
                 show(peak.f32_gflops), peak.f64_gflops ? show(*peak.f64_gflops) : "no");
  fmt::format_to(out, "  memory {} GB/s read, {} GB/s in a triad, arrays of {} MiB\n",
                 show(peak.read_gb_s), show(peak.triad_gb_s), peak.array_bytes >> 20);
}

std::string backend_label(const MatmulRow& row) {
  return row.threads ? fmt::format("{}, {} thr", row.backend, *row.threads) : row.backend;
}

void matmul_table(const std::vector<MatmulRow>& rows, Output out) {
  fmt::format_to(out, "\nMatmul: medians; OpenCL calls with new arguments / the same again\n");
  fmt::format_to(out, "{:<5}{:<22} {:<15} {:>12} {:>11} {:>10} {:>8} {:>8} {:>8}\n", "dtype",
                 "[batch*] m x n x k", "backend", "us", "enqueue us", "GFLOP/s", "of peak", "calls",
                 "error");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const MatmulRow& row = rows[i];
    const bool same = i > 0 && row.same_shape(rows[i - 1]);
    fmt::format_to(
        out, "{:<5}{:<22} {:<15} {:>12.2f} {:>11.2f} {:>10.2f} {:>8} {:>8} {:>8.1e}\n",
        same ? "" : row.dtype, same ? "" : shape_label(row), backend_label(row), row.us.median,
        row.enqueue_us.median, row.gflops,
        row.fraction_of_peak ? fmt::format("{:.1f} %", 100 * *row.fraction_of_peak) : "-",
        row.calls ? fmt::format("{} / {}", total(row.calls->new_arguments),
                                total(row.calls->same_arguments))
                  : "-",
        row.relative_error);
  }
}

}  // namespace

std::string tables(const Results& results, const Device& device) {
  std::string text;
  const Output out(text);
  fmt::format_to(out, "Device: {} ({}, {} compute units), {}, driver {}; host cores: {}\n",
                 device.name(), to_string(device.type()), device.compute_units(),
                 device.platform_name(), device.driver_version(), host_cores());
  if (!results.scaling.empty()) scaling_table(results.scaling, out);
  if (!results.handoff.empty()) handoff_table(results.handoff, out);
  if (results.peak) peak_lines(*results.peak, out);
  if (!results.matmul.empty()) matmul_table(results.matmul, out);
  if (!results.advice.empty()) {
    fmt::format_to(out, "\nWhat follows\n");
    for (const Advice& advice : results.advice) {
      fmt::format_to(out, "  [{}] {}\n", advice.topic, advice.text);
    }
  }
  if (!results.skipped.empty()) {
    fmt::format_to(out, "\nNot measured\n");
    for (const auto& [what, why] : by_reason(results.skipped)) {
      fmt::format_to(out, "  {}: {}\n", what, why);
    }
  }
  return text;
}

}  // namespace dovetail::tool
