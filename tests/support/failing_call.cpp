// SPDX-License-Identifier: Apache-2.0
// Defines entry points of OpenCL itself: the program's own come before those of the loader, for its
// shared libraries, too.
#include "tests/support/failing_call.hpp"

#include <CL/cl.h>
#include <dlfcn.h>

#include <array>
#include <atomic>

namespace dovetail::test {
namespace {

std::atomic<int>& left_of(MemoryCall call) {
  static std::array<std::atomic<int>, 3> left{};
  return left[static_cast<std::size_t>(call)];
}

bool is_to_fail(MemoryCall call) {
  int left = left_of(call);
  while (left > 0 && !left_of(call).compare_exchange_weak(left, left - 1)) {
  }
  return left > 0;
}

template <typename Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

OutOfMemoryCalls::OutOfMemoryCalls(MemoryCall call, int count) : call_(call) {
  left_of(call) = count;
}
OutOfMemoryCalls::~OutOfMemoryCalls() { left_of(call_) = 0; }
int OutOfMemoryCalls::left() const { return left_of(call_); }

extern "C" {

__attribute__((visibility("default"))) cl_mem CL_API_CALL clCreateBuffer(
    cl_context context, cl_mem_flags flags, std::size_t size, void* host_ptr, cl_int* errcode_ret) {
  static auto* const next = original<decltype(::clCreateBuffer)>("clCreateBuffer");
  if (!is_to_fail(MemoryCall::create_buffer)) {
    return next(context, flags, size, host_ptr, errcode_ret);
  }
  if (errcode_ret != nullptr) *errcode_ret = CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return nullptr;
}

__attribute__((visibility("default"))) cl_int CL_API_CALL clEnqueueNDRangeKernel(
    cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const std::size_t* offset,
    const std::size_t* global, const std::size_t* local, cl_uint wait_count, const cl_event* waits,
    cl_event* event) {
  static auto* const next = original<decltype(::clEnqueueNDRangeKernel)>("clEnqueueNDRangeKernel");
  if (is_to_fail(MemoryCall::launch)) return CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return next(queue, kernel, dimensions, offset, global, local, wait_count, waits, event);
}

__attribute__((visibility("default"))) cl_int CL_API_CALL
clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void* pattern,
                    std::size_t pattern_size, std::size_t offset, std::size_t size,
                    cl_uint wait_count, const cl_event* waits, cl_event* event) {
  static auto* const next = original<decltype(::clEnqueueFillBuffer)>("clEnqueueFillBuffer");
  if (is_to_fail(MemoryCall::fill)) return CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return next(queue, memory, pattern, pattern_size, offset, size, wait_count, waits, event);
}

}  // extern "C"

}  // namespace dovetail::test
