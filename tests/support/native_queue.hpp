// SPDX-License-Identifier: Apache-2.0
// A command queue made with OpenCL alone, as another library would.
#pragma once

#include <CL/cl.h>

#include <stdexcept>

#include "dovetail/core/context.hpp"

namespace dovetail::test {

class NativeQueue {
 public:
  explicit NativeQueue(const Context& context, cl_queue_properties wanted = 0) {
    const cl_queue_properties properties[] = {CL_QUEUE_PROPERTIES, wanted, 0};
    queue_ = clCreateCommandQueueWithProperties(context.get(), context.device().get(), properties,
                                                nullptr);
    if (queue_ == nullptr) throw std::runtime_error("NativeQueue: no queue");
  }
  ~NativeQueue() { clReleaseCommandQueue(queue_); }
  NativeQueue(const NativeQueue&) = delete;
  NativeQueue& operator=(const NativeQueue&) = delete;

  cl_command_queue get() const noexcept { return queue_; }

 private:
  cl_command_queue queue_;
};

/// The reference count of a queue; 0 if it cannot be read.
inline cl_uint references(cl_command_queue queue) {
  cl_uint count = 0;
  clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

}  // namespace dovetail::test
