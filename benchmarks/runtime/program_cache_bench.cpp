// SPDX-License-Identifier: Apache-2.0
// A program from memory, from disk and from source. Baselines: the raw OpenCL calls.
#include "dovetail/runtime/program_cache.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "benchmarks/support/raw.hpp"
#include "benchmarks/support/report.hpp"
#include "tests/support/temporary_directory.hpp"

namespace dovetail::bench {
namespace {

const ProgramSource source{.name = "program_cache_bench.cl",
                           .text =
                               "#ifndef SERIAL\n#define SERIAL 0\n#endif\n"
                               "kernel void fill(global ulong* out) {\n"
                               "  out[get_global_id(0)] = SERIAL;\n"
                               "}\n"};

const Context& context() { return Context::default_context(); }

bool has_fill(const Program& program) {
  return program.signatures().size() == 1 && program.signatures().front().name == "fill";
}

/// A number that no earlier run has used, so that the driver's own cache has not seen the program.
std::uint64_t next_serial() {
  static auto serial =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  return ++serial;
}

void memory_hit(benchmark::State& state) {
  ProgramCache cache(context(), {});
  if (!has_fill(cache.get(source))) return fail(state, "the program lacks its kernel");
  for (auto _ : state) benchmark::DoNotOptimize(cache.get(source));
  if (cache.statistics().builds != 1) fail(state, "a program was built twice");
}
BENCHMARK(memory_hit)->Apply(report_spread);

void disk_hit(benchmark::State& state) {
  const test::TemporaryDirectory directory;
  if (!has_fill(ProgramCache(context(), {directory.path()}).get(source))) {
    return fail(state, "the program lacks its kernel");
  }
  for (auto _ : state) {
    ProgramCache cache(context(), {directory.path()});
    benchmark::DoNotOptimize(cache.get(source));
    if (cache.statistics().disk_hits != 1) return fail(state, "the file was not used");
  }
}
BENCHMARK(disk_hit)->UseRealTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

void raw_binary(benchmark::State& state) {
  const auto binary = Program::from_source(context(), source).binary();
  const unsigned char* bytes = binary.data();
  const std::size_t nbytes = binary.size();
  const cl_device_id device = context().device().get();
  for (auto _ : state) {
    cl_int status = CL_SUCCESS;
    const cl::Program program(
        clCreateProgramWithBinary(context().get(), 1, &device, &nbytes, &bytes, nullptr, &status));
    check(status, "clCreateProgramWithBinary");
    check(clBuildProgram(program(), 1, &device, "", nullptr, nullptr), "clBuildProgram");
  }
}
BENCHMARK(raw_binary)->UseRealTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

void build_from_source(benchmark::State& state) {
  ProgramCache cache(context(), {});
  for (auto _ : state) {
    const Program program = cache.get(source, BuildOptions().define("SERIAL", next_serial()));
    if (!has_fill(program)) return fail(state, "the program lacks its kernel");
  }
}
BENCHMARK(build_from_source)->UseRealTime()->Unit(benchmark::kMicrosecond)->Apply(report_spread);

void raw_build_from_source(benchmark::State& state) {
  const cl_device_id device = context().device().get();
  for (auto _ : state) {
    const cl::Program program(cl::Context(context().get(), true), source.text);
    const std::string options = "-cl-kernel-arg-info -D SERIAL=" + std::to_string(next_serial());
    check(clBuildProgram(program(), 1, &device, options.c_str(), nullptr, nullptr),
          "clBuildProgram");
  }
}
BENCHMARK(raw_build_from_source)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond)
    ->Apply(report_spread);

}  // namespace
}  // namespace dovetail::bench
