// SPDX-License-Identifier: Apache-2.0
// What every benchmark reports, beside Google Benchmark's own figures.
#pragma once

#include <benchmark/benchmark.h>

#include <string>

namespace dovetail::bench {

/// For Apply(): the smallest and the largest repetition beside the median.
void report_spread(benchmark::internal::Benchmark* benchmark);

/// Ends the benchmark, whose result is wrong; the program then exits with 1.
void fail(benchmark::State& state, const std::string& message);

/// Whether `fail` was called in this process.
bool has_failed();

}  // namespace dovetail::bench
