// SPDX-License-Identifier: Apache-2.0
#include "tests/support/driver_probe.hpp"

#include <CL/cl.h>

#include <stdexcept>

#include "tests/support/contexts.hpp"
#include "tests/support/native_queue.hpp"

namespace dovetail::test {
namespace {

void require(cl_int status, const char* what) {
  if (status != CL_SUCCESS) throw std::runtime_error(what);
}

bool marker_fails_after_a_failed_barrier() {
  const NativeQueue queue(context());
  cl_int status = CL_SUCCESS;
  cl_event failed = clCreateUserEvent(context().get(), &status);
  require(status, "failures_propagate: clCreateUserEvent failed");
  cl_event barrier = nullptr;  // kept: PoCL 3.1 aborts when a failed command's event is gone
  require(clEnqueueBarrierWithWaitList(queue.get(), 1, &failed, &barrier),
          "failures_propagate: clEnqueueBarrierWithWaitList failed");
  cl_event marker = nullptr;
  require(clEnqueueMarkerWithWaitList(queue.get(), 0, nullptr, &marker),
          "failures_propagate: clEnqueueMarkerWithWaitList failed");
  require(clSetUserEventStatus(failed, CL_OUT_OF_RESOURCES),
          "failures_propagate: clSetUserEventStatus failed");
  // NVIDIA's driver 580 may return success from the wait and report the failure in the status.
  const cl_int waited = clWaitForEvents(1, &marker);
  require(
      clGetEventInfo(marker, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, nullptr),
      "failures_propagate: clGetEventInfo failed");
  for (cl_event event : {marker, barrier, failed}) clReleaseEvent(event);
  return waited != CL_SUCCESS || status < 0;
}

}  // namespace

bool failures_propagate() {
  static const bool propagate = marker_fails_after_a_failed_barrier();
  return propagate;
}

}  // namespace dovetail::test
