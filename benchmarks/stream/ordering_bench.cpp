// SPDX-License-Identifier: Apache-2.0
// What it costs the host to decide on order: hazards and elisions of work on several buffers, with
// nothing enqueued, so that what is timed is the decision alone.
#include <benchmark/benchmark.h>

#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "dovetail/stream/with_queue.hpp"

namespace dovetail::bench {
namespace {

constexpr std::size_t nbytes = 4096;

/// Three operands and a result, of which the stated number are used.
std::vector<MemoryUse> uses_of(const Context& context, std::int64_t count) {
  std::vector<MemoryUse> uses;
  for (std::int64_t i = 0; i < count; ++i) {
    const Buffer buffer(context, nbytes);
    uses.push_back(i + 1 == count ? writes(buffer) : reads(buffer));
  }
  return uses;
}

void decide(const Stream& stream, const std::vector<MemoryUse>& uses) {
  with_queue(stream, uses, "nothing", [](cl_command_queue) {});
}

/// All on one queue: `same_queue`.
void decision_on_one_stream(benchmark::State& state) {
  const Stream stream;
  const auto uses = uses_of(stream.context(), state.range(0));
  for (auto _ : state) decide(stream, uses);
  if (state.range(0) > 0 && stream.statistics().elided() + 1 != stream.statistics().commands) {
    fail(state, "a decision was not an elision");
  }
}
BENCHMARK(decision_on_one_stream)
    ->ArgName("buffers")
    ->Arg(0)
    ->Arg(1)
    ->Arg(4)
    ->Arg(8)
    ->Unit(benchmark::kNanosecond)
    ->Apply(report_spread);

/// Reads what another stream wrote, after a wait that covers it: `already_ordered`.
void decision_already_ordered(benchmark::State& state) {
  const Stream producer, consumer;
  const auto uses = uses_of(producer.context(), state.range(0));
  std::vector<MemoryUse> all_read = uses;
  for (MemoryUse& use : all_read) use.access = Access::read;
  for (const MemoryUse& use : uses) {
    with_queue(producer, {{writes(use.memory)}}, "write", [](cl_command_queue) {});
  }
  decide(consumer, all_read);
  for (auto _ : state) decide(consumer, all_read);
  const StreamStatistics counted = consumer.statistics();
  if (counted.waits() != 1 || counted.count(Verdict::already_ordered) + 1 != counted.commands) {
    fail(state, "a decision was not an elision by the clock");
  }
}
BENCHMARK(decision_already_ordered)
    ->ArgName("buffers")
    ->Arg(1)
    ->Arg(4)
    ->Arg(8)
    ->Unit(benchmark::kNanosecond)
    ->Apply(report_spread);

/// What a wait costs in OpenCL calls, and the least that an elision saves: marker, flush, barrier.
void raw_wait(benchmark::State& state) {
  const Stream producer, consumer;
  for (auto _ : state) {
    cl_event marker = raw_marker(producer.get());
    check(clFlush(producer.get()), "clFlush");
    check(clEnqueueBarrierWithWaitList(consumer.get(), 1, &marker, nullptr),
          "clEnqueueBarrierWithWaitList");
    check(clReleaseEvent(marker), "clReleaseEvent");
  }
  consumer.synchronize();
}
BENCHMARK(raw_wait)->Iterations(2000)->Unit(benchmark::kNanosecond)->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
