// SPDX-License-Identifier: Apache-2.0
// Host time of replaying a recording of 50 small pieces of work, beside giving them anew through
// Dovetail, and raw; on a queue that is held, so that only the calls are timed, and on one that
// runs meanwhile.
//
// `ours_us` and `raw_us` are for all 50; `break_even` is the number of replays from which on
// capturing and replaying has taken less of the host's time than giving the work each time.
#include "dovetail/runtime/recording.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"
#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/stream/current_stream.hpp"

namespace dovetail::bench {
namespace {

constexpr std::size_t items = 64;
constexpr int length = 50;
constexpr std::size_t batch = 5;

constexpr const char* source = R"(
  kernel void advance(global float* out, global const float* in, float factor, float summand) {
    const uint i = get_global_id(0);
    out[i] = in[i] * factor + summand;
  }
)";

enum Running : std::int64_t { held, running };
enum Baseline : std::int64_t { launching, raw };

/// 50 pieces of work that take turns with two buffers and two sets of arguments.
class Work {
 public:
  virtual ~Work() = default;
  virtual void give(const Stream& stream) const = 0;
  /// The same calls without Dovetail.
  virtual void give_raw(const Stream& stream) const = 0;
  /// What the first buffer holds after one run on ones.
  virtual double expected() const = 0;

  Tensor a = Tensor::full(current_stream(), {items}, 1.0);
  Tensor b = Tensor::full(current_stream(), {items}, 1.0);
};

class Kernels final : public Work {
 public:
  void give(const Stream& stream) const override {
    for (int i = 0; i < length; i += 2) {
      kernel_.launch(stream, NDRange({items}, {items}), writes(b), a, 0.5f, 1.0f);
      kernel_.launch(stream, NDRange({items}, {items}), writes(a), b, 1.0f, 0.25f);
    }
  }
  void give_raw(const Stream& stream) const override {
    const cl_mem a_memory = a.storage().buffer.lend(), b_memory = b.storage().buffer.lend();
    for (int i = 0; i < length; i += 2) {
      raw_launch(stream.get(), raw_(), items, items, b_memory, a_memory, 0.5f, 1.0f);
      raw_launch(stream.get(), raw_(), items, items, a_memory, b_memory, 1.0f, 0.25f);
    }
  }
  double expected() const override {
    double value = 1;
    for (int i = 0; i < length; i += 2) value = value * 0.5 + 1.25;
    return value;
  }

 private:
  Kernel kernel_{Program::from_source(Context::default_context(),
                                      {.name = "recording_bench.cl", .text = source}),
                 "advance"};
  cl::Program program_ = build(Context::default_context().get(), source);
  cl::Kernel raw_{program_, "advance"};
};

class Operations final : public Work {
 public:
  void give(const Stream& stream) const override {
    for (int i = 0; i < length; i += 2) {
      unary_into(stream, UnaryOperation::negate, a, b);
      unary_into(stream, UnaryOperation::absolute, b, a);
    }
  }
  void give_raw(const Stream& stream) const override { give(stream); }
  double expected() const override { return 1; }
};

bool gives(const Work& work, const std::function<void(const Stream&)>& give) {
  const Stream stream;
  const Tensor start = Tensor::full(stream, {items}, 1.0);
  binary_into(stream, BinaryOperation::maximum, start, start, work.a);
  give(stream);
  return all_close(work.a.to_host<float>(stream), std::vector<double>(items, work.expected()),
                   1e-6);
}

Recording record(const Work& work, const Stream& stream, ReplayMethod method) {
  Capture capture(stream, {.method = method});
  work.give(stream);
  return capture.end();
}

double seconds_to_record(const Work& work, const Stream& stream, ReplayMethod method) {
  std::vector<double> times;
  for (int i = 0; i < 21; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Recording recording = record(work, stream, method);
    times.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::nth_element(times, times.begin() + 10);
  return times[10];
}

template <typename WorkType>
void replay(benchmark::State& state, ReplayMethod method) {
  const WorkType work;
  const Stream stream;
  std::optional<Recording> recording;
  try {
    recording = record(work, stream, method);
  } catch (const InvalidArgument& error) {
    state.SkipWithError(error.what());
    return;
  }
  if (!gives(work, [&](const Stream& on) { work.give(on); })) return fail(state, "wrong result");
  if (!gives(work, [&](const Stream& on) { work.give_raw(on); })) {
    return fail(state, "baseline: a wrong result");
  }
  if (!gives(work, [&](const Stream& on) { recording->replay(on); })) {
    return fail(state, "replay: a wrong result");
  }
  const bool beside_raw = state.range(1) == raw;
  const auto ours = [&] { recording->replay(); };
  const auto theirs = [&] { beside_raw ? work.give_raw(stream) : work.give(stream); };
  HeldQueue queue(stream.context().get(), stream.get());
  TimesBeside times;
  if (state.range(0) == running) {
    times = time_beside(state, &Times::enqueue, batch, ours, theirs, [&] { stream.synchronize(); });
  } else {
    const auto release = [&] {
      queue.release();
      stream.synchronize();
    };
    times =
        time_beside(state, &Times::enqueue, batch, ours, theirs, release, [&] { queue.hold(); });
  }
  const double to_record = seconds_to_record(work, stream, method);
  state.counters["record_us"] = to_record * 1e6;
  const double saved = times.raw.enqueue - times.ours.enqueue;
  if (saved > 0) state.counters["break_even"] = to_record / saved;
}

void replay_kernels(benchmark::State& state, ReplayMethod method) {
  replay<Kernels>(state, method);
}
void replay_operations(benchmark::State& state, ReplayMethod method) {
  replay<Operations>(state, method);
}

void kernel_cases(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"running", "beside_raw"})
      ->ArgsProduct({{held, running}, {launching, raw}})
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Apply(report_spread);
}
void operation_cases(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"running", "beside_raw"})
      ->ArgsProduct({{held, running}, {launching}})
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Apply(report_spread);
}

BENCHMARK_CAPTURE(replay_kernels, launch_list, ReplayMethod::launch_list)->Apply(kernel_cases);
BENCHMARK_CAPTURE(replay_kernels, command_buffer, ReplayMethod::command_buffer)
    ->Apply(kernel_cases);
BENCHMARK_CAPTURE(replay_operations, launch_list, ReplayMethod::launch_list)
    ->Apply(operation_cases);
BENCHMARK_CAPTURE(replay_operations, command_buffer, ReplayMethod::command_buffer)
    ->Apply(operation_cases);

}  // namespace
}  // namespace dovetail::bench
