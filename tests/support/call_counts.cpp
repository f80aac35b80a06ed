// SPDX-License-Identifier: Apache-2.0
#include "tests/support/call_counts.hpp"

#include <dlfcn.h>

#include <vector>

#include "dovetail/core/device.hpp"
#include "layer/call_counts.h"

namespace dovetail::test {
namespace {

dovetail_layer_snapshot_fn snapshot_function() {
  static const auto function = []() -> dovetail_layer_snapshot_fn {
    static_cast<void>(Device::all());  // the loader opens its layers at the first OpenCL call
    void* layer = ::dlopen(DOVETAIL_LAYER_LIBRARY, RTLD_NOW | RTLD_NOLOAD);
    if (layer == nullptr) return nullptr;
    return reinterpret_cast<dovetail_layer_snapshot_fn>(
        ::dlsym(layer, DOVETAIL_LAYER_SNAPSHOT_SYMBOL));
  }();
  return function;
}

std::vector<dovetail_call_count> snapshot() {
  const auto function = snapshot_function();
  if (function == nullptr) return {};
  std::vector<dovetail_call_count> counts(function(nullptr, 0));
  function(counts.data(), counts.size());
  return counts;
}

}  // namespace

bool layer_is_active() { return snapshot_function() != nullptr; }

Calls calls_during(const std::function<void()>& work) {
  const auto before = snapshot();
  work();
  const auto after = snapshot();
  Calls calls;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::uint64_t count = after[i].calls - before[i].calls;
    if (count != 0) calls[after[i].name] = count;
  }
  return calls;
}

Totals totals() {
  Totals sum;
  for (const dovetail_call_count& count : snapshot()) {
    sum.bytes += count.bytes;
    sum.wait_list_events += count.wait_list_events;
    sum.events += count.events;
    sum.failures += count.failures;
  }
  return sum;
}

}  // namespace dovetail::test
