// SPDX-License-Identifier: Apache-2.0
// Tests that count, at OpenCL's entry points, what the library does to keep order.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <ostream>

#include "tests/support/call_counts.hpp"

namespace dovetail::test {

/// Skips its tests where the counting layer is not asked for, or the loader takes no layers.
class LayerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (layer_is_active()) return;
    if (std::getenv("OPENCL_LAYERS") == nullptr) {
      GTEST_SKIP() << "start the test with OPENCL_LAYERS=<path>/libDovetailLayer.so";
    }
    ASSERT_FALSE(loader_takes_layers()) << "the loader did not open the layer";
    GTEST_SKIP() << "this OpenCL loader takes no layers; ocl-icd does";
  }
};

/// The calls that put work in order, or that block the host.
struct OrderCalls {
  std::uint64_t markers = 0;
  std::uint64_t flushes = 0;
  std::uint64_t barriers = 0;
  std::uint64_t events = 0;  ///< In all wait lists together.
  std::uint64_t host_waits = 0;

  friend bool operator==(const OrderCalls&, const OrderCalls&) = default;
  friend std::ostream& operator<<(std::ostream& out, const OrderCalls& calls) {
    return out << calls.markers << " markers, " << calls.flushes << " flushes, " << calls.barriers
               << " barriers, " << calls.events << " events, " << calls.host_waits << " host waits";
  }
};

/// What one wait for another stream takes.
inline constexpr OrderCalls one_wait{.markers = 1, .flushes = 1, .barriers = 1, .events = 1};

inline OrderCalls order_calls_during(const std::function<void()>& work) {
  const std::uint64_t events = totals().wait_list_events;
  Calls calls = calls_during(work);
  return {.markers = calls["clEnqueueMarkerWithWaitList"],
          .flushes = calls["clFlush"],
          .barriers = calls["clEnqueueBarrierWithWaitList"],
          .events = totals().wait_list_events - events,
          .host_waits = calls["clWaitForEvents"] + calls["clFinish"]};
}

}  // namespace dovetail::test
