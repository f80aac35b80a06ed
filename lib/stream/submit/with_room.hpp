// SPDX-License-Identifier: Apache-2.0
// Calls that may find the device full of cached memory.
#pragma once

#include <CL/cl.h>

#include "dovetail/stream/memory_pool.hpp"

namespace dovetail::detail {

/// Calls `enqueue()`, which returns a status. If memory ran out, as where the driver allocates a
/// buffer at its first use, releases what the context's pool has cached and calls it once more.
template <typename Enqueue>
cl_int enqueue_with_room(const Context& context, const Enqueue& enqueue) {
  const cl_int status = enqueue();
  if (status != CL_MEM_OBJECT_ALLOCATION_FAILURE) [[likely]]
    return status;
  return MemoryPool::of(context).trim() == 0 ? status : enqueue();
}

}  // namespace dovetail::detail
