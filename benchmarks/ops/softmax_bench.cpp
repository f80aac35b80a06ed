// SPDX-License-Identifier: Apache-2.0
// Softmax: completion and GB/s, beside a raw kernel of one work-item a row.
#include "dovetail/ops/softmax.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"

namespace dovetail::bench {
namespace {

constexpr const char* baseline = R"(
  kernel void softmax(global const float* a, global float* out, uint columns) {
    a += get_global_id(0) * columns;
    out += get_global_id(0) * columns;
    float maximum = -INFINITY, sum = 0;
    for (uint j = 0; j < columns; ++j) maximum = fmax(maximum, a[j]);
    for (uint j = 0; j < columns; ++j) sum += out[j] = exp(a[j] - maximum);
    for (uint j = 0; j < columns; ++j) out[j] /= sum;
  }
)";

std::vector<double> softmax_of(const std::vector<float>& a, std::size_t columns) {
  std::vector<double> out(a.begin(), a.end());
  for (auto row = out.begin(); row != out.end(); row += static_cast<std::ptrdiff_t>(columns)) {
    const auto end = row + static_cast<std::ptrdiff_t>(columns);
    const double maximum = *std::max_element(row, end);
    double sum = 0;
    std::for_each(row, end, [&](double& value) { sum += value = std::exp(value - maximum); });
    std::for_each(row, end, [&](double& value) { value /= sum; });
  }
  return out;
}

/// Both make a new output each time.
void softmax_rows(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const auto columns = static_cast<std::size_t>(state.range(1));
  const Stream stream;
  const std::vector<float> a_host = random_values(rows * columns, 1);
  const Tensor a =
      Tensor::from_host<float>(stream.context(), a_host, {state.range(0), state.range(1)});
  const cl::Program program = build(stream.context().get(), baseline);
  const cl::Kernel kernel(program, "softmax");

  const auto ours = [&] { return softmax(stream, a); };
  const auto raw = [&] {
    Buffer out(stream.context(), a.nbytes());
    raw_launch(stream.get(), kernel(), rows, std::min<std::size_t>(rows, 64),
               a.storage().buffer.lend(), out.lend(), static_cast<cl_uint>(columns));
    return Tensor::from_buffer(out, a.shape());
  };
  const std::vector<double> expected = softmax_of(a_host, columns);
  if (!all_close(ours().to_host<float>(stream), expected, 1e-6)) {
    return fail(state, "a wrong result");
  }
  if (!all_close(raw().to_host<float>(stream), expected, 1e-6)) {
    return fail(state, "baseline: a wrong result");
  }

  const std::size_t batch = std::clamp<std::size_t>((1 << 23) / a.nbytes(), 2, 32);
  const TimesBeside times =
      time_beside(state, &Times::complete, batch, ours, raw, [&] { stream.synchronize(); });
  const double gigabytes = 2e-9 * static_cast<double>(a.nbytes());  // read once, written once
  state.counters["enqueue_us"] = times.ours.enqueue * 1e6;
  state.counters["GB/s"] = gigabytes / times.ours.complete;
  state.counters["raw_GB/s"] = gigabytes / times.raw.complete;
}
BENCHMARK(softmax_rows)
    ->ArgNames({"rows", "columns"})
    ->Args({64, 1024})
    ->Args({1024, 1024})
    ->Args({16, 65536})
    ->Args({16384, 64})
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
