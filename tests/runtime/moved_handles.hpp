// SPDX-License-Identifier: Apache-2.0
// Handles of every type that were moved from, and calls that refuse them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "dovetail/dovetail.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::test {

inline const ProgramSource source{.name = "test.cl",
                                  .text = "kernel void put(global float* x) { *x = 1; }"};

/// One handle of each type.
struct Handles {
  Device device = test::context().device();
  Context context = test::context();
  Stream stream{context};
  Event event = stream.record();
  TimedEvent timed_event = stream.record_timed();
  Program program = Program::from_source(context, source);
  Kernel kernel{program, "put"};
  Runtime runtime{stream};
  Buffer buffer{context, 16};
  Tensor tensor = Tensor::full(stream, {2, 2}, 3.0);
  Field<float> field{runtime, {4}};
  MatrixView view{tensor};
  PackedMatrix packed{stream, view};
  Recording recording = [this] {
    Capture capture(stream);
    kernel.launch(stream, NDRange({1}), buffer);
    return capture.end();
  }();
};

/// A call that refuses a handle that was moved from, and a part of its error.
struct Refusal {
  const char* name;
  std::function<void()> call;
  const char* expected;
};

inline void expect_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    expect_throws<InvalidArgument>(refusal.call, refusal.expected, "was moved from");
  }
}

class MovedHandles : public testing::Test {
 protected:
  static constexpr auto nothing = [](cl_command_queue /*queue*/) {};
  static void give(const Stream& stream, std::span<const MemoryUse> uses) {
    with_queue(stream, uses, "nothing", nothing);
  }

  Handles moved;
  const Handles live = std::move(moved);  // moves each of them
  const NDRange one{1};
};

}  // namespace dovetail::test
