// SPDX-License-Identifier: Apache-2.0
// Programs, kernels, runtimes with fields, and recordings.
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/field.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/runtime/runtime.hpp"
#include "tests/faults/sweep/workload.hpp"

namespace dovetail::sweep {
namespace {

const ProgramSource shift{.name = "shift.cl",
                          .text =
                              "kernel void shift(global int* data, int by) {\n"
                              "  data[get_global_id(0)] += by;\n"
                              "}\n"};

void expect_shift(Fixture& fixture, const Program& program) {
  const Buffer data = fixture.buffer(1);
  Kernel(program, "shift").launch(fixture.stream(0), NDRange({count}), data, 2);
  expect("a program", fixture.contents(fixture.stream(0), data), all(3));
}

void programs(Fixture& fixture) {
  const Program built = Program::from_source(fixture.context(), shift);
  expect_shift(fixture, built);
  const Program loaded =
      Program::from_binary(fixture.context(), "shift.cl", built.binary(), built.signatures());
  expect_shift(fixture, loaded);
  ProgramCache cache(fixture.context());
  expect_shift(fixture, cache.get(shift, BuildOptions().define("UNUSED", 1)));
}

void bytes_that_are_no_program(Fixture& fixture) {
  const std::vector<unsigned char> bytes(count, 7);
  try {
    static_cast<void>(Program::from_binary(fixture.context(), "bytes", bytes));
  } catch (const OpenCLError&) {
    return;
  }
  throw WrongResult("bytes that are no program were taken for one");
}

void kernels(Fixture& fixture) {
  const Buffer first = fixture.buffer(1), second = fixture.buffer(2), third = fixture.buffer(3);
  fixture.grow(fixture.stream(0), first);
  fixture.copy(fixture.stream(1), first, second);
  fixture.copy(fixture.stream(2), first, third);
  fixture.grow(fixture.stream(2), second);
  fixture.copy(fixture.stream(0), second, first);
  const Kernel grow = fixture.kernel("grow");
  const std::size_t half = count / 2;
  grow.launch(fixture.stream(1), NDRange({half}),
              updates({first, half * sizeof(int), half * sizeof(int)}));
  fixture.kernel("reverse").launch(fixture.stream(2), NDRange({count}, {16}), updates(first),
                                   LocalMemory{16 * sizeof(int)});
  std::vector<int> expected(half, 7);
  expected.resize(count, 15);
  expect("a half", fixture.contents(fixture.stream(2), first), expected);
  expect("a copy", fixture.contents(fixture.stream(1), third), all(3));
}

void expect_fields(const Runtime& runtime) {
  const Kernel kernel = runtime.kernel(shift, "shift");
  const Field<int> field(runtime, {count});
  field.fill(2);
  runtime.launch(kernel, NDRange({count}), field, 3);
  expect("a field that was filled", field.to_host(), all(5));
  field.from_host(all(4));
  runtime.launch(kernel, NDRange({count}), field, 3);
  expect("a field from the host", field.to_host(), all(7));
  runtime.synchronize();
}

void runtimes(Fixture& fixture) {
  expect_fields(Runtime(fixture.stream(0)));
  const NativeQueue queue = native_queue(fixture.context());
  expect_fields(Runtime({.external_queue = reinterpret_cast<std::uintptr_t>(queue.get())}));
}

void recordings(Fixture& fixture) {
  const Stream &stream = fixture.stream(0), &fork = fixture.stream(1);
  const Buffer x = fixture.buffer(1), y = fixture.buffer(1), z = fixture.buffer(1);
  Capture capture(stream);
  fixture.grow(stream, x);
  fork.wait(stream);
  fixture.copy(fork, x, y);
  fixture.set(stream, z, 4);
  stream.wait(fork);
  fixture.grow(stream, y);
  const Recording recording = capture.end();
  recording.replay();
  recording.replay(fixture.stream(2));
  recording.update(recording.find("kernel 'set'"), "value", 5);
  recording.replay();
  expect("work of a recording", fixture.contents(stream, x), all(15));
  expect("work of its fork", fixture.contents(fork, y), all(31));
  expect("work that was changed", fixture.contents(fork, z), all(5));
}

}  // namespace

const std::vector<Section> runtime_sections{
    {"programs", programs},
    {"bytes that are no program", bytes_that_are_no_program},
    {"kernels", kernels},
    {"runtimes", runtimes},
    {"recordings", recordings}};

}  // namespace dovetail::sweep
