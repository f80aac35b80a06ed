// SPDX-License-Identifier: Apache-2.0
#include "tests/support/failing_queues.hpp"

#include <CL/cl.h>
#include <dlfcn.h>

#include <atomic>

namespace dovetail::test {
namespace {

std::atomic<int> failures_left{0};

}  // namespace

FailingQueues::FailingQueues(int count) { failures_left = count; }
FailingQueues::~FailingQueues() { failures_left = 0; }

}  // namespace dovetail::test

// The program's own symbol goes before that of the OpenCL library.
extern "C" __attribute__((visibility("default"))) cl_command_queue
clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
                                   const cl_queue_properties* properties, cl_int* status) {
  static const auto make = reinterpret_cast<decltype(&clCreateCommandQueueWithProperties)>(
      ::dlsym(RTLD_NEXT, "clCreateCommandQueueWithProperties"));
  int left = dovetail::test::failures_left;
  while (left > 0 && !dovetail::test::failures_left.compare_exchange_weak(left, left - 1)) {
  }
  if (left <= 0) return make(context, device, properties, status);
  if (status != nullptr) *status = CL_OUT_OF_RESOURCES;
  return nullptr;
}
