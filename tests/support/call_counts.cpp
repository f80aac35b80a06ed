// SPDX-License-Identifier: Apache-2.0
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS  // its successor asks the platform, not the loader
#include "tests/support/call_counts.hpp"

#include <CL/cl.h>
#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <utility>
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

bool loader_takes_layers() {
  using LoaderInfo = cl_int CL_API_CALL(cl_uint what, std::size_t size, void* value, std::size_t*);
  constexpr cl_uint loader_version = 2;
  auto* const info =
      reinterpret_cast<LoaderInfo*>(::clGetExtensionFunctionAddress("clGetICDLoaderInfoOCLICD"));
  std::array<char, 64> text{};
  if (info == nullptr || info(loader_version, text.size() - 1, text.data(), nullptr) != CL_SUCCESS)
    return false;
  int major = 0, minor = 0;
  return std::sscanf(text.data(), "%d.%d", &major, &minor) == 2 &&
         std::pair(major, minor) >= std::pair(2, 3);
}

bool layer_is_active() { return snapshot_function() != nullptr; }

Calls calls_so_far() {
  Calls calls;
  for (const dovetail_call_count& count : snapshot()) {
    if (count.calls != 0) calls[count.name] = count.calls;
  }
  return calls;
}

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
