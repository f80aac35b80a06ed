// SPDX-License-Identifier: Apache-2.0
// What OpenCL tells of a memory object.
#pragma once

#include <CL/cl.h>

#include "lib/core/opencl_check.hpp"

namespace dovetail::detail {

template <typename T>
T memory_info(cl_mem memory, cl_mem_info what) {
  T value{};
  check(clGetMemObjectInfo(memory, what, sizeof(value), &value, nullptr), "clGetMemObjectInfo");
  return value;
}

}  // namespace dovetail::detail
