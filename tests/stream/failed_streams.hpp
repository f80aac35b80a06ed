// SPDX-License-Identifier: Apache-2.0
// What the tests of failed streams share: two streams, and commands that really fail on one.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::test {

class StreamFailure : public testing::Test {
 protected:
  static constexpr std::size_t count = 64;
  static constexpr std::chrono::seconds long_enough{60};

  void set(const Stream& stream, const Buffer& buffer, int value) {
    set_kernel.launch(stream, NDRange({count}), writes(buffer), value, own());
  }
  void copy(const Stream& stream, const Buffer& from, const Buffer& to) {
    copy_kernel.launch(stream, NDRange({count}), reads(from), writes(to), own());
  }
  /// Enqueues a command that fails on `stream`, then a kernel that writes `data`. No call notices
  /// the failure here. Returns an event after both, whose wait notices it.
  Event fail_behind_a_gate(const Stream& stream) {
    const Event event = work_behind_a_gate(stream);
    gate->fail(CL_OUT_OF_RESOURCES);
    return event;
  }
  Event work_behind_a_gate(const Stream& stream) {
    gate.emplace(stream);
    set(stream, data, 2);
    return stream.record();
  }
  /// Fails `stream` as `fail_behind_a_gate` does and waits until that is noticed. Returns the error
  /// that every later call must throw.
  CommandError fail(const Stream& stream) {
    const Event event = fail_behind_a_gate(stream);
    return caught<CommandError>([&] { event.synchronize(); }).value();
  }

  const Buffer data = buffer_of(std::vector<int>(count, 1));
  const Buffer out = buffer_of(std::vector<int>(count, -1));
  const Buffer last = buffer_of(std::vector<int>(count, -1));
  std::optional<Gate> gate;
  const Stream producer{context()};
  const Stream consumer{context()};

 private:
  /// Returns a buffer that no other kernel uses. PoCL 3.1 aborts when a command fails whose event
  /// nobody keeps; a buffer keeps the event of the last command that used it.
  const Buffer& own() { return owns.emplace_back(context(), sizeof(int)); }

  const Kernel set_kernel = kernel_from(
      "kernel void set(global int* data, int value, global int* own) {\n"
      "  data[get_global_id(0)] = value;\n"
      "}\n",
      "set");
  const Kernel copy_kernel = kernel_from(
      "kernel void copy(global const int* from, global int* to, global int* own) {\n"
      "  to[get_global_id(0)] = from[get_global_id(0)];\n"
      "}\n",
      "copy");
  std::deque<Buffer> owns;
};

/// Needs a driver that fails commands which wait for a failed one.
class Failure : public StreamFailure {
 protected:
  void SetUp() override { DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE(); }
};

}  // namespace dovetail::test
