// SPDX-License-Identifier: Apache-2.0
// How destructors let OpenCL objects go.
#pragma once

#include <CL/cl.h>

#include <memory>
#include <type_traits>

#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail::detail {

/// Gives one reference back by `entry_point`; reports a failure and never throws. In a forked child
/// it does nothing: see fork_guard.hpp.
template <typename Handle>
void release_by(cl_int (*entry_point)(Handle), Handle handle, std::string_view call) noexcept {
  if (!in_forked_child()) report_unless_success(entry_point(handle), call);
}

inline void release(cl_context context) noexcept {
  release_by(clReleaseContext, context, "clReleaseContext");
}
inline void release(cl_command_queue queue) noexcept {
  release_by(clReleaseCommandQueue, queue, "clReleaseCommandQueue");
}
inline void release(cl_event event) noexcept {
  release_by(clReleaseEvent, event, "clReleaseEvent");
}
inline void release(cl_mem memory) noexcept {
  release_by(clReleaseMemObject, memory, "clReleaseMemObject");
}
inline void release(cl_program program) noexcept {
  release_by(clReleaseProgram, program, "clReleaseProgram");
}
inline void release(cl_kernel kernel) noexcept {
  release_by(clReleaseKernel, kernel, "clReleaseKernel");
}

struct Releaser {
  template <typename Handle>
  void operator()(Handle handle) const noexcept {
    release(handle);
  }
};

/// Owns one reference to an OpenCL object: `Owned<cl_program>`.
template <typename Handle>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Releaser>;

}  // namespace dovetail::detail
