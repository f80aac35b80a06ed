// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/report.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

namespace dovetail::bench {
namespace {

std::atomic<bool> failed{false};

double smallest(const std::vector<double>& values) { return *std::ranges::min_element(values); }
double largest(const std::vector<double>& values) { return *std::ranges::max_element(values); }

}  // namespace

void report_spread(benchmark::internal::Benchmark* benchmark) {
  benchmark->ComputeStatistics("min", smallest)->ComputeStatistics("max", largest);
}

void fail(benchmark::State& state, const std::string& message) {
  failed = true;
  state.SkipWithError(message.c_str());
}

bool has_failed() { return failed; }

}  // namespace dovetail::bench
