// SPDX-License-Identifier: Apache-2.0
// What it costs a thread to get a stream. Baseline: making a queue, which the pool saves.
#include "dovetail/stream/stream_pool.hpp"

#include <benchmark/benchmark.h>

#include <optional>
#include <set>
#include <thread>

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

std::uint64_t leased_id() { return pool().lease()->id(); }

/// Given back within each round, so that threads only meet in the pool's bookkeeping.
void pool_lease(benchmark::State& state) {
  if (state.threads() == 1 && leased_id() != leased_id()) {
    return fail(state, "a stream that was given back is not leased again");
  }
  for (auto _ : state) benchmark::DoNotOptimize(pool().lease());
}
BENCHMARK(pool_lease)->ThreadRange(1, 4)->UseRealTime()->Apply(report_spread);

/// One stream for all threads: each waits its turn, and hands over to the next.
void pool_lease_waited_for(benchmark::State& state) {
  static StreamPool& narrow = *new StreamPool(Context::default_context(), {.leases = 1});
  for (auto _ : state) benchmark::DoNotOptimize(narrow.lease());
}
BENCHMARK(pool_lease_waited_for)->Threads(4)->UseRealTime()->Apply(report_spread);

/// A copy of the stream is kept, so that each round makes a queue.
void pool_lease_replaced(benchmark::State& state) {
  StreamPool streams(Context::default_context(), {.leases = 1});
  std::optional<Stream> kept;
  for (auto _ : state) {
    const StreamLease lease = streams.lease();
    kept = lease.stream();
  }
  const StreamLeaseStatistics leases = streams.statistics().leases;
  if (leases.replaced != leases.granted) return fail(state, "a stream was leased again");
}
BENCHMARK(pool_lease_replaced)->UseRealTime()->Apply(report_spread);

void pool_statistics(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(pool().statistics());
}
BENCHMARK(pool_statistics)->Apply(report_spread);

void current_stream_of_thread(benchmark::State& state) {
  if (!(current_stream() == current_stream())) return fail(state, "the current stream changed");
  for (auto _ : state) benchmark::DoNotOptimize(current_stream());
}
BENCHMARK(current_stream_of_thread)->ThreadRange(1, 4)->UseRealTime()->Apply(report_spread);

/// A thread's whole life, with its first call of current_stream; the next has none.
void thread_with_current_stream(benchmark::State& state) {
  for (auto _ : state) std::jthread([] { benchmark::DoNotOptimize(current_stream()); });
}
BENCHMARK(thread_with_current_stream)->UseRealTime()->Apply(report_spread);

void raw_thread(benchmark::State& state) {
  for (auto _ : state) std::jthread([] { benchmark::ClobberMemory(); });
}
BENCHMARK(raw_thread)->UseRealTime()->Apply(report_spread);

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
