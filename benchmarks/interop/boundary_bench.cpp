// SPDX-License-Identifier: Apache-2.0
// 1,000 steps, each a user's kernel and then a tensor operation on the same data: on one shared
// queue, on two queues that Dovetail orders, and on two queues with the host waiting at each
// boundary; beside the same kernels raw on one queue.
//
// Times are those of all steps, until the device is done.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/values.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/runtime/kernel.hpp"

namespace dovetail::bench {
namespace {

constexpr int steps = 1000;
constexpr std::size_t group = 256;

// What the tensor operation does, too, so that raw and Dovetail's steps do the same on the device.
constexpr const char* source = R"(
  kernel void halve(global float* data, ulong count) {
    const size_t i = get_global_id(0);
    if (i < count) data[i] = data[i] * 0.5f + 1.0f;
  }
  kernel void negate(global const float* a, ulong a_at, global float* out, ulong out_at,
                     ulong count) {
    const size_t i = get_global_id(0);
    if (i < count) out[out_at + i] = -a[a_at + i];
  }
)";

class Alternation {
 public:
  explicit Alternation(std::size_t elements)
      : count_(elements),
        data_(Tensor::full(framework_, {static_cast<std::int64_t>(elements)}, 1.0)) {
    framework_.synchronize();
  }

  void shared() const { run(framework_, framework_, false); }
  void ordered() const { run(own_, framework_, false); }
  void finishing() const { run(own_, framework_, true); }
  void raw() const {
    const cl_mem memory = data_.storage().buffer.lend();
    const auto count = static_cast<cl_ulong>(count_);
    const cl_ulong at = 0;
    for (int i = 0; i < steps; ++i) {
      raw_launch(framework_.get(), raw_halve_(), items(), group, memory, count);
      raw_launch(framework_.get(), raw_negate_(), items(), group, memory, at, memory, at, count);
    }
    raw_finish(framework_.get());
  }

  /// Whether `steps` from ones end where they should.
  bool is_right(const std::function<void()>& all_steps) const {
    const Tensor ones = Tensor::full(framework_, data_.shape(), 1.0);
    binary_into(framework_, BinaryOperation::maximum, ones, ones, data_);
    framework_.synchronize();
    all_steps();
    double expected = 1;
    for (int i = 0; i < steps; ++i) expected = -(expected * 0.5 + 1.0);
    return all_close(data_.to_host<float>(framework_), std::vector<double>(count_, expected), 1e-6);
  }

 private:
  std::size_t items() const { return (count_ + group - 1) / group * group; }

  void run(const Stream& own, const Stream& framework, bool finish) const {
    const NDRange range({items()}, {group});
    for (int i = 0; i < steps; ++i) {
      halve_.launch(own, range, data_, static_cast<cl_ulong>(count_));
      if (finish) own.synchronize();
      unary_into(framework, UnaryOperation::negate, data_, data_);
      if (finish) framework.synchronize();
    }
    framework.synchronize();
  }

  Stream framework_, own_;
  std::size_t count_;
  Tensor data_;
  Kernel halve_{
      Program::from_source(framework_.context(), {.name = "boundary_bench.cl", .text = source}),
      "halve"};
  cl::Program program_ = build(framework_.context().get(), source);
  cl::Kernel raw_halve_{program_, "halve"}, raw_negate_{program_, "negate"};
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

void alternation(benchmark::State& state) {
  const Alternation steps_on(static_cast<std::size_t>(state.range(0)));
  struct Way {
    const char* name;
    std::function<void()> run;
    std::vector<double> times;
  };
  std::vector<Way> ways{{"shared", [&] { steps_on.shared(); }, {}},
                        {"raw", [&] { steps_on.raw(); }, {}},
                        {"ordered", [&] { steps_on.ordered(); }, {}},
                        {"finish", [&] { steps_on.finishing(); }, {}}};
  for (const Way& way : ways) {
    if (!steps_on.is_right(way.run)) return fail(state, std::string(way.name) + ": a wrong result");
  }
  std::size_t first = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      Way& way = ways[(first + i) % ways.size()];
      way.times.push_back(seconds_of(way.run));
    }
    ++first;
    state.SetIterationTime(ways[0].times.back());
  }
  const auto us = [&](std::size_t way) { return median(ways[way].times) / steps * 1e6; };
  for (std::size_t i = 0; i < ways.size(); ++i) {
    state.counters[std::string(ways[i].name) + "_us_per_step"] = us(i);
  }
  state.counters["by_raw"] = us(0) / us(1);
  state.counters["finish_by_shared"] = us(3) / us(0);
}
BENCHMARK(alternation)
    ->ArgName("elements")
    ->Arg(64)
    ->Arg(4096)
    ->Arg(262144)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
