// SPDX-License-Identifier: Apache-2.0
// What OpenCL knows of a queue.
#pragma once

#include <CL/cl.h>

#include "lib/core/opencl_check.hpp"

namespace dovetail::detail {

/// @tparam T  The type that OpenCL tells `what` in.
template <typename T>
T queue_info(cl_command_queue queue, cl_command_queue_info what) {
  T value{};
  check(clGetCommandQueueInfo(queue, what, sizeof(value), &value, nullptr),
        "clGetCommandQueueInfo");
  return value;
}

}  // namespace dovetail::detail
