// SPDX-License-Identifier: Apache-2.0
// Counts the OpenCL calls of a stretch of work, when the counting layer is loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace dovetail::test {

using Calls = std::map<std::string, std::uint64_t>;

/// Whether the counting layer is active in this process: see layer/call_counts.h.
bool layer_is_active();

/// Whether the OpenCL loader is known to open what OPENCL_LAYERS names: ocl-icd from 2.3 on.
bool loader_takes_layers();

/// How often each entry point has been called so far; those never called are left out.
Calls calls_so_far();

/// How often each entry point is called while `work` runs; those never called are left out.
Calls calls_during(const std::function<void()>& work);

/// Sum over all entry points of the bytes moved, the events waited for or handed out, so far.
struct Totals {
  std::uint64_t bytes = 0;
  std::uint64_t wait_list_events = 0;
  std::uint64_t events = 0;  ///< Handed out through a `cl_event*`.
  std::uint64_t failures = 0;
};
Totals totals();

}  // namespace dovetail::test
