// SPDX-License-Identifier: Apache-2.0
// Work of several libraries on a held queue: none of it may block the host or run early.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "dovetail/tensor/tensor.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail::test {

/// A fixture that enqueues between the operations of another library.
class HeldQueueTest : public testing::Test {
 protected:
  /// Calls `work`, which enqueues on the queue of `stream`, while that queue is held; a wait in it
  /// would hang. Expects that no call waits and that nothing runs before the queue is released,
  /// then releases it. Returns the calls that were counted, zeros without the counting layer.
  template <typename Work>
  static OrderCalls expect_held(const Stream& stream, Work work) {
    Gate gate(stream);
    const OrderCalls calls = order_calls_during(work);
    const Event done = stream.record();
    EXPECT_TRUE(is_held(done));
    gate.release();
    done.synchronize();
    EXPECT_EQ(calls.host_waits, 0u);
    return calls;
  }

  /// x = x * factor + summand, on all elements.
  static void multiply_add(const Stream& stream, const Tensor& x, float factor, float summand) {
    static const Kernel* const kernel = new Kernel(multiply_add_kernel());
    kernel->launch(stream, NDRange({static_cast<std::size_t>(x.size())}), updates(x), factor,
                   summand);
  }

  static Tensor floats(const std::vector<float>& values) {
    return Tensor::from_host<float>(context(), values, {static_cast<std::int64_t>(values.size())});
  }

  /// 0, 1, 2, ...
  static std::vector<float> counting(std::size_t size) {
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(i);
    return values;
  }

  /// What `function` gives for each value.
  template <typename Function>
  static std::vector<float> mapped(std::vector<float> values, Function function) {
    for (float& value : values) value = function(value);
    return values;
  }
};

}  // namespace dovetail::test
