// SPDX-License-Identifier: Apache-2.0
// Memory that goes back and is taken again. Baseline: a new buffer each time, which costs its
// making, its first touch and its release.
#include "dovetail/stream/memory_pool.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "dovetail/opencl.hpp"

namespace dovetail::bench {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

/// Writes one word of each page, so that a driver that puts an allocation off has to make it.
class Touch {
 public:
  explicit Touch(const Context& context)
      : program_(build(context.get(), R"(
          kernel void touch(global uint* data, uint value) { data[get_global_id(0) * 1024] = value; }
        )")),
        kernel_(program_, "touch") {}
  void operator()(const Stream& stream, cl_mem memory, std::size_t nbytes, cl_uint value) const {
    raw_launch(stream.get(), kernel_(), nbytes / page_nbytes, 1, memory, value);
  }

  /// Whether `value` was written to each page.
  static bool has_reached(const Stream& stream, cl_mem memory, std::size_t nbytes, cl_uint value) {
    std::vector<cl_uint> words(nbytes / sizeof(cl_uint));
    check(clEnqueueReadBuffer(stream.get(), memory, CL_TRUE, 0, nbytes, words.data(), 0, nullptr,
                              nullptr),
          "clEnqueueReadBuffer");
    for (std::size_t i = 0; i < words.size(); i += page_nbytes / sizeof(cl_uint)) {
      if (words[i] != value) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t page_nbytes = 4096;
  cl::Program program_;
  cl::Kernel kernel_;
};

cl_mem memory(const Buffer& buffer) { return detail::handle_of(buffer).memory; }

/// Whether a block goes round, and works as memory.
bool goes_round(MemoryPool& pool, const Stream& stream, std::size_t nbytes, const Touch& touch) {
  cl_mem first = nullptr;
  for (const cl_uint value : {7u, 8u}) {
    const Buffer buffer = pool.allocate(stream, nbytes);
    if (first == nullptr) first = memory(buffer);
    touch(stream, memory(buffer), nbytes, value);
    if (memory(buffer) != first || !Touch::has_reached(stream, first, nbytes, value)) return false;
  }
  return true;
}

/// Ours takes a cached block and gives it back; `touches`: and uses it as the baseline does.
void time_reuse(benchmark::State& state, bool touches) {
  const auto nbytes = static_cast<std::size_t>(state.range(0));
  const Stream stream;
  const Touch touch(stream.context());
  MemoryPool pool(stream.context());
  if (!goes_round(pool, stream, nbytes, touch)) return fail(state, "the block does not go round");
  time_beside(
      state, &Times::complete, 16,
      [&] {
        const Buffer buffer = pool.allocate(stream, nbytes);
        if (touches) touch(stream, memory(buffer), nbytes, 1);
      },
      [&] {
        cl_int status = CL_SUCCESS;
        cl_mem made =
            clCreateBuffer(stream.context().get(), CL_MEM_READ_WRITE, nbytes, nullptr, &status);
        check(status, "clCreateBuffer");
        touch(stream, made, nbytes, 1);
        check(clReleaseMemObject(made), "clReleaseMemObject");
      },
      [&] { raw_finish(stream.get()); });
  if (pool.statistics().misses != 1) fail(state, "the pool made a second block");
}

/// A fixed number of rounds, since the baseline takes far longer than what decides on one.
void settings(benchmark::internal::Benchmark* benchmark) {
  report_spread(benchmark);
  benchmark->ArgName("bytes")->UseManualTime()->Unit(benchmark::kMicrosecond);
}

void reuse(benchmark::State& state) { time_reuse(state, false); }
BENCHMARK(reuse)->Arg(mib / 256)->Arg(mib)->Iterations(4096)->Apply(settings);
BENCHMARK(reuse)->Arg(64 * mib)->Iterations(16)->Apply(settings);

void reuse_and_touch(benchmark::State& state) { time_reuse(state, true); }
BENCHMARK(reuse_and_touch)->Arg(mib)->Iterations(4096)->Apply(settings);
BENCHMARK(reuse_and_touch)->Arg(64 * mib)->Iterations(16)->Apply(settings);

/// Each thread with a stream of its own, all with one pool.
void reuse_by_threads(benchmark::State& state) {
  static MemoryPool& pool = *new MemoryPool(Context::default_context());
  const Stream stream;
  { const Buffer first = pool.allocate(stream, mib); }
  for (auto _ : state) benchmark::DoNotOptimize(pool.allocate(stream, mib));
}
BENCHMARK(reuse_by_threads)->ThreadRange(1, 16)->UseRealTime()->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
