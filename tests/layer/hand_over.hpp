// SPDX-License-Identifier: Apache-2.0
// The two sides of a hand-over, and what a step between them costs at OpenCL's entry points.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "dovetail/interop/queue_handle.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/runtime/field.hpp"
#include "dovetail/runtime/runtime.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail::test {

/// The runtime's queue: that of the tensors, its own, or one that others may enqueue on too.
enum class RuntimeQueue { shared, own, external };

/// What a step takes beside its kernels.
struct Cost {
  OrderCalls order = {};
  std::uint64_t copies = 0;          ///< On the device.
  std::uint64_t host_transfers = 0;  ///< Reads, writes and maps, blocking or not.

  friend bool operator==(const Cost&, const Cost&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Cost& cost) {
    return out << cost.order << ", " << cost.copies << " copies, " << cost.host_transfers
               << " host transfers";
  }
};

inline constexpr Cost nothing{};
inline constexpr Cost a_device_wait{.order = one_wait};
inline constexpr Cost a_copy{.copies = 1};
inline constexpr Cost a_read{.order = {.events = 1, .host_waits = 1}, .host_transfers = 1};

inline Cost cost_of(const std::function<void()>& step) {
  Cost cost;
  const Calls calls = calls_during([&] { cost.order = order_calls_during(step); });
  for (const auto& [name, count] : calls) {
    if (name.starts_with("clEnqueueCopy")) cost.copies += count;
    for (const char* kind : {"clEnqueueRead", "clEnqueueWrite", "clEnqueueMap", "clEnqueueSVM"}) {
      if (name.starts_with(kind)) cost.host_transfers += count;
    }
  }
  return cost;
}

class HandOver : public LayerTest, public testing::WithParamInterface<RuntimeQueue> {
 protected:
  static constexpr std::int64_t count = 64;
  static std::vector<float> all(float value) { return std::vector<float>(count, value); }

  static std::uintptr_t queue_for(RuntimeQueue queue, const NativeQueue& native) {
    switch (queue) {
      case RuntimeQueue::shared:
        return interop::queue_handle();
      case RuntimeQueue::external:
        return reinterpret_cast<std::uintptr_t>(native.get());
      case RuntimeQueue::own:
        break;
    }
    return 0;
  }

  bool is_shared() const { return GetParam() == RuntimeQueue::shared; }
  /// What it takes that one side's work comes after the other's.
  Cost crossing() const { return is_shared() ? nothing : a_device_wait; }

  /// data = data * factor + summand, by a kernel of the user.
  void multiply_add(const Field<float>& data, float factor, float summand) const {
    runtime.launch(multiply_add_kernel, NDRange({count}), data, factor, summand);
  }
  /// A tensor operation in place.
  static void negate(const Tensor& tensor) {
    unary_into(current_stream(), UnaryOperation::negate, tensor, tensor);
  }
  void expect_held() const {
    EXPECT_TRUE(is_held(tensors.record()));
    EXPECT_TRUE(is_held(runtime.stream().record()));
  }

  const Stream tensors{context()};
  const StreamGuard guard{tensors};
  const NativeQueue native{context()};
  const Runtime runtime{{.external_queue = queue_for(GetParam(), native)}};
  const Kernel multiply_add_kernel = test::multiply_add_kernel();
  const Field<float> field{runtime, {count}};
};

inline std::string queue_name(const testing::TestParamInfo<RuntimeQueue>& info) {
  static constexpr const char* names[] = {"SharedQueue", "OwnQueue", "ExternalQueue"};
  return names[static_cast<int>(info.param)];
}

}  // namespace dovetail::test
