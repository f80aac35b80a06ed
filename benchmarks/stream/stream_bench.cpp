// SPDX-License-Identifier: Apache-2.0
// Events, waits and hand-overs between streams, each beside the same raw OpenCL calls.
#include "dovetail/stream/stream.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"

namespace dovetail::bench {
namespace {

void record(benchmark::State& state) {
  const Stream stream;
  time_beside(
      state, &Times::enqueue, 256, [&] { benchmark::DoNotOptimize(stream.record()); },
      [&] { check(clReleaseEvent(raw_marker(stream.get())), "clReleaseEvent"); },
      [&] { stream.synchronize(); });
}
BENCHMARK(record)->UseManualTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

void synchronize_idle(benchmark::State& state) {
  const Stream stream;
  time_beside(
      state, &Times::enqueue, 64, [&] { stream.synchronize(); },
      [&] {
        cl_event marker = raw_marker(stream.get());
        check(clWaitForEvents(1, &marker), "clWaitForEvents");
        check(clReleaseEvent(marker), "clReleaseEvent");
      },
      [] {});
}
BENCHMARK(synchronize_idle)->UseManualTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

void raw_finish_idle(benchmark::State& state) {
  const Stream stream;
  for (auto _ : state) raw_finish(stream.get());
}
BENCHMARK(raw_finish_idle)->UseRealTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

/// Two steps on one array, x = x / 2 and x = x + 1, whose order shows in the numbers.
class TwoSteps {
 public:
  explicit TwoSteps(const Context& context)
      : program_(build(context.get(), R"(
          kernel void halve(global float* x) { x[get_global_id(0)] *= 0.5f; }
          kernel void increment(global float* x) { x[get_global_id(0)] += 1.0f; }
        )")),
        halve_(program_, "halve"),
        increment_(program_, "increment"),
        host_(size, 8.0f),
        x_(cl::Context(context.get(), true), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
           size * sizeof(float), host_.data()) {
    halve_.setArg(0, x_);
    increment_.setArg(0, x_);
  }

  void halve(cl_command_queue queue) { raw_launch_as_set(queue, halve_()); }
  void increment(cl_command_queue queue) { raw_launch_as_set(queue, increment_()); }

  /// Whether both orders of two hand-overs were kept: ((8 / 2 + 1) / 2 + 1) is 3.5.
  bool holds_two_rounds(cl_command_queue queue) {
    check(clEnqueueReadBuffer(queue, x_(), CL_TRUE, 0, size * sizeof(float), host_.data(), 0,
                              nullptr, nullptr),
          "clEnqueueReadBuffer");
    return all_close(host_, std::vector<double>(size, 3.5), 0.0);
  }

 private:
  static constexpr std::size_t size = 1024;
  static void raw_launch_as_set(cl_command_queue queue, cl_kernel kernel) {
    raw_launch(queue, kernel, size, 64);
  }
  cl::Program program_;
  cl::Kernel halve_, increment_;
  std::vector<float> host_;
  cl::Buffer x_;
};

/// A marker, a flush and a barrier: what orders `to` after `from`.
void raw_hand_over(cl_command_queue from, cl_command_queue to) {
  cl_event marker = raw_marker(from);
  check(clFlush(from), "clFlush");
  check(clEnqueueBarrierWithWaitList(to, 1, &marker, nullptr), "clEnqueueBarrierWithWaitList");
  check(clReleaseEvent(marker), "clReleaseEvent");
}

/// Completion of two dependent kernels, handed from `first` to `second` and back with
/// wait(record()).
template <typename RawHandOver>
void time_steps(benchmark::State& state, const Stream& first, const Stream& second,
                const RawHandOver& raw_hand) {
  TwoSteps steps(first.context());
  const auto ours = [&] {
    steps.halve(first.get());
    second.wait(first.record());
    steps.increment(second.get());
    first.wait(second.record());
  };
  const auto raw = [&] {
    steps.halve(first.get());
    raw_hand(first.get(), second.get());
    steps.increment(second.get());
    raw_hand(second.get(), first.get());
  };
  ours();
  raw();
  if (!steps.holds_two_rounds(first.get())) return fail(state, "the steps ran out of order");
  const TimesBeside times =
      time_beside(state, &Times::complete, 64, ours, raw, [&] { first.synchronize(); });
  state.counters["enqueue_us"] = times.ours.enqueue * 1e6;
}

/// On one stream the wait is left out, and the order is the queue's own; raw: no hand-over at all.
void step_on_one_stream(benchmark::State& state) {
  const Stream stream;
  time_steps(state, stream, stream, [](cl_command_queue, cl_command_queue) {});
}
BENCHMARK(step_on_one_stream)->UseManualTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

void step_across_streams(benchmark::State& state) {
  const Stream first, second;
  time_steps(state, first, second, raw_hand_over);
}
BENCHMARK(step_across_streams)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
