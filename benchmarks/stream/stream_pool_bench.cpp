// SPDX-License-Identifier: Apache-2.0
// What it costs a thread to get a stream. Baseline: making a queue, which the pool saves.
#include "dovetail/stream/stream_pool.hpp"

#include <benchmark/benchmark.h>

#include <set>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "dovetail/stream/current_stream.hpp"

namespace dovetail::bench {
namespace {

StreamPool& pool() {
  static StreamPool& instance = *new StreamPool;
  return instance;
}

/// Makes all queues, and checks that they go round.
bool goes_round(StreamPool& streams) {
  std::set<std::uint64_t> ids;
  const std::uint64_t first = streams.get().id();
  ids.insert(first);
  for (std::size_t i = 1; i < streams.size(); ++i) ids.insert(streams.get().id());
  return ids.size() == streams.size() && streams.get().id() == first;
}

void pool_get(benchmark::State& state) {
  if (state.threads() == 1 && !goes_round(pool()))
    return fail(state, "the streams do not go round");
  for (auto _ : state) benchmark::DoNotOptimize(pool().get());
}
BENCHMARK(pool_get)->ThreadRange(1, 4)->UseRealTime()->Apply(report_spread);

void pool_get_by_index(benchmark::State& state) {
  if (!(pool().get(3) == pool().get(3))) return fail(state, "one index gave two streams");
  for (auto _ : state) benchmark::DoNotOptimize(pool().get(3));
}
BENCHMARK(pool_get_by_index)->Apply(report_spread);

void current_stream_of_thread(benchmark::State& state) {
  if (!(current_stream() == current_stream())) return fail(state, "the current stream changed");
  for (auto _ : state) benchmark::DoNotOptimize(current_stream());
}
BENCHMARK(current_stream_of_thread)->ThreadRange(1, 4)->UseRealTime()->Apply(report_spread);

void current_stream_under_guard(benchmark::State& state) {
  const Stream stream;
  const StreamGuard guard(stream);
  if (!(current_stream() == stream)) return fail(state, "the guard has no effect");
  for (auto _ : state) benchmark::DoNotOptimize(current_stream());
}
BENCHMARK(current_stream_under_guard)->Apply(report_spread);

void stream_guard(benchmark::State& state) {
  const Stream stream;
  for (auto _ : state) {
    const StreamGuard guard(stream);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(stream_guard)->Apply(report_spread);

void raw_retain_and_release(benchmark::State& state) {
  cl_command_queue queue = pool().get(0).get();
  for (auto _ : state) {
    check(clRetainCommandQueue(queue), "clRetainCommandQueue");
    check(clReleaseCommandQueue(queue), "clReleaseCommandQueue");
  }
}
BENCHMARK(raw_retain_and_release)->Apply(report_spread);

void raw_queue_creation(benchmark::State& state) {
  const Context& context = Context::default_context();
  for (auto _ : state) {
    cl_int status = CL_SUCCESS;
    cl_command_queue queue =
        clCreateCommandQueueWithProperties(context.get(), context.device().get(), nullptr, &status);
    check(status, "clCreateCommandQueueWithProperties");
    check(clReleaseCommandQueue(queue), "clReleaseCommandQueue");
  }
}
BENCHMARK(raw_queue_creation)->UseRealTime()->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
