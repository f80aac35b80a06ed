// SPDX-License-Identifier: Apache-2.0
// Gives a runtime a queue that somebody else made.
#pragma once

#include <CL/cl.h>

#include <cstdint>

#include "dovetail/runtime/runtime.hpp"
#include "tests/support/native_queue.hpp"

namespace dovetail::test {

inline std::uintptr_t handle(cl_command_queue queue) {
  return reinterpret_cast<std::uintptr_t>(queue);
}

/// Options for a runtime on that queue.
inline RuntimeOptions on(const NativeQueue& queue) {
  return {.external_queue = handle(queue.get())};
}

}  // namespace dovetail::test
