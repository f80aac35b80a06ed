// SPDX-License-Identifier: Apache-2.0
// Element-wise operations: completion and GB/s, beside the same loop as a raw kernel.
#include "dovetail/ops/elementwise.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"

namespace dovetail::bench {
namespace {

constexpr std::size_t group = 256;

constexpr const char* baseline = R"(
  kernel void relu(global const float* a, global float* out) {
    const size_t i = get_global_id(0);
    out[i] = fmax(a[i], 0.0f);
  }
  kernel void add(global const float* a, global const float* b, global float* out) {
    const size_t i = get_global_id(0);
    out[i] = a[i] + b[i];
  }
)";

/// Operands of the size that the benchmark asks for, on a stream of their own.
struct Operands {
  explicit Operands(const benchmark::State& state)
      : size(static_cast<std::size_t>(state.range(0))),
        a_host(random_values(size, 1)),
        b_host(random_values(size, 2)),
        a(Tensor::from_host<float>(stream.context(), a_host, {state.range(0)})),
        b(Tensor::from_host<float>(stream.context(), b_host, {state.range(0)})),
        out(Tensor::zeros(stream, {state.range(0)})) {}

  /// Runs `call`; whether `out` is then expected(a[i], b[i]). Leaves zeros in `out`.
  template <typename Call, typename Expected>
  bool gives(const Call& call, const Expected& expected) const {
    call();
    std::vector<double> wanted(size);
    std::ranges::transform(a_host, b_host, wanted.begin(), expected);
    const bool is_right = all_close(out.to_host<float>(stream), wanted, 1e-6);
    const float zero = 0.0f;
    check(clEnqueueFillBuffer(stream.get(), out.storage().buffer.lend(), &zero, sizeof(zero), 0,
                              out.nbytes(), 0, nullptr, nullptr),
          "clEnqueueFillBuffer");
    return is_right;
  }

  Stream stream;
  std::size_t size;
  std::vector<float> a_host, b_host;
  Tensor a, b, out;
};

cl_mem memory(const Tensor& tensor) { return tensor.storage().buffer.lend(); }

/// Verifies both, times both, and reports GB/s of `arrays` arrays that are read or written.
template <typename Ours, typename Raw, typename Expected>
void time_operation(benchmark::State& state, const Operands& operands, int arrays, const Ours& ours,
                    const Raw& raw, const Expected& expected) {
  if (!operands.gives(ours, expected)) return fail(state, "a wrong result");
  if (!operands.gives(raw, expected)) return fail(state, "baseline: a wrong result");
  const std::size_t batch = operands.size > 1'000'000 ? 4 : 64;
  const TimesBeside times = time_beside(state, &Times::complete, batch, ours, raw,
                                        [&] { operands.stream.synchronize(); });
  const double gigabytes = static_cast<double>(operands.out.nbytes()) * arrays * 1e-9;
  state.counters["enqueue_us"] = times.ours.enqueue * 1e6;
  state.counters["GB/s"] = gigabytes / times.ours.complete;
  state.counters["raw_GB/s"] = gigabytes / times.raw.complete;
}

void unary_relu(benchmark::State& state) {
  const Operands o(state);
  const cl::Program program = build(o.stream.context().get(), baseline);
  const cl::Kernel kernel(program, "relu");
  time_operation(
      state, o, 2, [&] { unary_into(o.stream, UnaryOperation::relu, o.a, o.out); },
      [&] { raw_launch(o.stream.get(), kernel(), o.size, group, memory(o.a), memory(o.out)); },
      [](double a, double) { return std::max(a, 0.0); });
}

void binary_add(benchmark::State& state) {
  const Operands o(state);
  const cl::Program program = build(o.stream.context().get(), baseline);
  const cl::Kernel kernel(program, "add");
  time_operation(
      state, o, 3, [&] { binary_into(o.stream, BinaryOperation::add, o.a, o.b, o.out); },
      [&] {
        raw_launch(o.stream.get(), kernel(), o.size, group, memory(o.a), memory(o.b),
                   memory(o.out));
      },
      [](double a, double b) { return a + b; });
}

/// In the first-level cache, in a last-level cache, and beyond the caches.
void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("elements")->Arg(1 << 12)->Arg(1 << 18)->Arg(1 << 24);
  benchmark->UseManualTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);
}

BENCHMARK(unary_relu)->Apply(sizes);
BENCHMARK(binary_add)->Apply(sizes);

}  // namespace
}  // namespace dovetail::bench
