// SPDX-License-Identifier: Apache-2.0
// Runs the benchmarks of one layer on the default device (DOVETAIL_DEVICE chooses another).
//
// Without further flags: five repetitions, of which mean, median, deviation, min and max are shown.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>
#include <vector>

#include "benchmarks/support/report.hpp"
#include "dovetail/core/context.hpp"

int main(int argc, char** argv) try {
  // Ahead of the caller's flags, so that the caller's count.
  char repetitions[] = "--benchmark_repetitions=5";
  char aggregates[] = "--benchmark_display_aggregates_only=true";
  char min_time[] = "--benchmark_min_time=" DOVETAIL_BENCHMARK_MIN_TIME;
  std::vector<char*> flags{argv[0], repetitions, aggregates, min_time};
  flags.insert(flags.end(), argv + 1, argv + argc);
  int count = static_cast<int>(flags.size());
  flags.push_back(nullptr);
  benchmark::Initialize(&count, flags.data());
  if (benchmark::ReportUnrecognizedArguments(count, flags.data())) return 2;

  const dovetail::Device& device = dovetail::Context::default_context().device();
  benchmark::AddCustomContext("device", device.name());
  benchmark::AddCustomContext("platform", device.platform_name());
  benchmark::AddCustomContext("driver", device.driver_version());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return dovetail::bench::has_failed() ? 1 : 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
