// SPDX-License-Identifier: Apache-2.0
// Defines an entry point of OpenCL itself: the program's own come before those of the loader, for
// its shared libraries, too.
#include "tests/support/before_build.hpp"

#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace dovetail::test {
namespace {

std::mutex mutex;
std::function<void()> to_call;
std::atomic<cl_int> to_return{CL_SUCCESS};

std::function<void()> take() {
  const std::scoped_lock lock(mutex);
  return std::exchange(to_call, nullptr);
}

}  // namespace

void before_next_build(std::function<void()> call) {
  const std::scoped_lock lock(mutex);
  to_call = std::move(call);
}

void fail_next_build(cl_int status) { to_return = status; }

extern "C" __attribute__((visibility("default"))) cl_int CL_API_CALL
clBuildProgram(cl_program program, cl_uint count, const cl_device_id* devices, const char* options,
               void(CL_CALLBACK* notify)(cl_program, void*), void* user_data) {
  static auto* const next =
      reinterpret_cast<decltype(::clBuildProgram)*>(::dlsym(RTLD_NEXT, "clBuildProgram"));
  if (const auto call = take()) call();
  if (const cl_int status = to_return.exchange(CL_SUCCESS); status != CL_SUCCESS) return status;
  return next(program, count, devices, options, notify, user_data);
}

}  // namespace dovetail::test
