// SPDX-License-Identifier: Apache-2.0
// Host time of a launch, beside the same clSetKernelArg and clEnqueueNDRangeKernel calls: on a
// queue that is held, so that only the calls are timed, and on one that runs meanwhile.
#include "dovetail/runtime/kernel.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"
#include "dovetail/stream/buffer.hpp"

namespace dovetail::bench {
namespace {

constexpr std::size_t items = 64;
constexpr std::size_t batch = 256;  // below the depth at which drivers block

constexpr const char* source = R"(
  kernel void none() {}
  kernel void three(global float* out, float value, uint size) {
    const uint i = get_global_id(0);
    if (i < size) out[i] = value;
  }
  kernel void eight(global float* out, global const float* a, global const float* b,
                    global const float* c, float x, float y, float z, uint size) {
    const uint i = get_global_id(0);
    if (i < size) out[i] = a[i] * x + b[i] * y + c[i] * z;
  }
)";

/// What a launch writes to every element of a buffer.
struct Expected {
  const Buffer& out;
  double value;
};

/// One kernel on a stream, launched through the library and raw.
class Launches {
 public:
  explicit Launches(const char* name)
      : kernel_(
            Program::from_source(stream_.context(), {.name = "kernel_bench.cl", .text = source}),
            name),
        program_(build(stream_.context().get(), source)),
        raw_(program_, name) {}

  template <typename... Args>
  void ours(const Args&... args) const {
    kernel_.launch(stream_, NDRange({items}, {items}), args...);
  }
  template <typename... Args>
  void raw(const Args&... args) const {
    raw_launch(stream_.get(), raw_(), items, items, args...);
  }
  HeldQueue held_queue() const { return HeldQueue(stream_.context().get(), stream_.get()); }
  void drain() const { stream_.synchronize(); }

  /// Clears the buffer, calls `launch`, and tells whether every element is then what is expected.
  template <typename Launch>
  bool gives(const Expected& expected, const Launch& launch) const {
    const Buffer& out = expected.out;
    std::vector<float> host(items, -1.0f);
    check(clEnqueueWriteBuffer(stream_.get(), out.lend(), CL_TRUE, 0, out.nbytes(), host.data(), 0,
                               nullptr, nullptr),
          "clEnqueueWriteBuffer");
    launch();
    check(clEnqueueReadBuffer(stream_.get(), out.lend(), CL_TRUE, 0, out.nbytes(), host.data(), 0,
                              nullptr, nullptr),
          "clEnqueueReadBuffer");
    return all_close(host, std::vector<double>(items, expected.value), 1e-6);
  }

  Buffer buffer(float value) const {
    const std::vector<float> host(items, value);
    return Buffer(stream_.context(), items * sizeof(float), host.data());
  }

 private:
  Stream stream_;
  Kernel kernel_;
  cl::Program program_;
  cl::Kernel raw_;
};

/// Whether the queue runs while it is given the launches.
enum Running : std::int64_t { held, running };

template <typename Ours, typename Raw>
void time_launches(benchmark::State& state, const Launches& launches, const Ours& ours,
                   const Raw& raw) {
  if (state.range(0) == running) {
    time_beside(state, &Times::enqueue, batch, ours, raw, [&] { launches.drain(); });
    return;
  }
  HeldQueue queue = launches.held_queue();
  const auto release = [&] {
    queue.release();
    launches.drain();
  };
  time_beside(state, &Times::enqueue, batch, ours, raw, release, [&] { queue.hold(); });
}

/// Times the launches only if both give what is expected.
template <typename Ours, typename Raw>
void time_checked_launches(benchmark::State& state, const Launches& launches,
                           const Expected& expected, const Ours& ours, const Raw& raw) {
  if (!launches.gives(expected, ours)) return fail(state, "Kernel::launch: a wrong result");
  if (!launches.gives(expected, raw)) return fail(state, "baseline: a wrong result");
  time_launches(state, launches, ours, raw);
}

void held_and_running(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("running")->Arg(held)->Arg(running);
  benchmark->UseManualTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);
}

void launch_no_arguments(benchmark::State& state) {
  const Launches launches("none");
  launches.ours();
  launches.drain();
  time_launches(
      state, launches, [&] { launches.ours(); }, [&] { launches.raw(); });
}
BENCHMARK(launch_no_arguments)->Apply(held_and_running);

void launch_three_arguments(benchmark::State& state) {
  const Launches launches("three");
  const Buffer out = launches.buffer(0);
  const cl_mem raw_out = out.lend();
  const cl_float value = 2.5f;
  const cl_uint size = items;
  time_checked_launches(
      state, launches, {out, 2.5}, [&] { launches.ours(out, value, size); },
      [&] { launches.raw(raw_out, value, size); });
}
BENCHMARK(launch_three_arguments)->Apply(held_and_running);

void launch_eight_arguments(benchmark::State& state) {
  const Launches launches("eight");
  const Buffer out = launches.buffer(0), a = launches.buffer(1), b = launches.buffer(2),
               c = launches.buffer(3);
  const cl_mem raw_out = out.lend(), raw_a = a.lend(), raw_b = b.lend(), raw_c = c.lend();
  const cl_float x = 1.0f, y = 0.5f, z = 0.25f;
  const cl_uint size = items;
  time_checked_launches(
      state, launches, {out, 2.75}, [&] { launches.ours(out, a, b, c, x, y, z, size); },
      [&] { launches.raw(raw_out, raw_a, raw_b, raw_c, x, y, z, size); });
}
BENCHMARK(launch_eight_arguments)->Apply(held_and_running);

}  // namespace
}  // namespace dovetail::bench
