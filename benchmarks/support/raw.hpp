// SPDX-License-Identifier: Apache-2.0
// The baseline: OpenCL's own calls, every status checked.
#pragma once

#include <CL/cl.h>

#include <string_view>

#include "dovetail/core/error.hpp"
#include "dovetail/core/source_location.hpp"
#include "dovetail/opencl.hpp"

namespace dovetail::bench {

inline void check(cl_int status, std::string_view call,
                  SourceLocation where = SourceLocation::current()) {
  if (status != CL_SUCCESS) [[unlikely]]
    throw OpenCLError(status, call, where, "baseline");
}

/// A built program of `context`, for baselines.
inline cl::Program build(cl_context context, const char* text) {
  cl::Program program(cl::Context(context, true), text);
  program.build();
  return program;
}

/// One run of `kernel` over `items` work-items in groups of `group`, its arguments set anew.
template <typename... Args>
void raw_launch(cl_command_queue queue, cl_kernel kernel, std::size_t items, std::size_t group,
                const Args&... args) {
  [[maybe_unused]] cl_uint index = 0;
  (check(clSetKernelArg(kernel, index++, sizeof(args), &args), "clSetKernelArg"), ...);
  check(clEnqueueNDRangeKernel(queue, kernel, 1, nullptr, &items, &group, 0, nullptr, nullptr),
        "clEnqueueNDRangeKernel");
}

/// Puts a marker on `queue`; the caller releases it.
inline cl_event raw_marker(cl_command_queue queue) {
  cl_event marker = nullptr;
  check(clEnqueueMarkerWithWaitList(queue, 0, nullptr, &marker), "clEnqueueMarkerWithWaitList");
  return marker;
}

/// Keeps a queue from running what it is given, so that the host's part can be timed while the
/// driver's threads, which share its cores and its locks, stand still.
class HeldQueue {
 public:
  explicit HeldQueue(cl_context context, cl_command_queue queue)
      : context_(context), queue_(queue) {}

  void hold() {
    cl_int status = CL_SUCCESS;
    gate_ = clCreateUserEvent(context_, &status);
    check(status, "clCreateUserEvent");
    check(clEnqueueBarrierWithWaitList(queue_, 1, &gate_, nullptr), "clEnqueueBarrierWithWaitList");
  }
  void release() {
    check(clSetUserEventStatus(gate_, CL_COMPLETE), "clSetUserEventStatus");
    check(clReleaseEvent(gate_), "clReleaseEvent");
  }

 private:
  cl_context context_;
  cl_command_queue queue_;
  cl_event gate_ = nullptr;
};

/// Blocks until everything on `queue` is done.
inline void raw_finish(cl_command_queue queue) { check(clFinish(queue), "clFinish"); }

}  // namespace dovetail::bench
