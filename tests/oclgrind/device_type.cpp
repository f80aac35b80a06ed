// SPDX-License-Identifier: Apache-2.0
// Makes the device what DOVETAIL_TEST_DEVICE_TYPE says, "cpu" or "gpu": the kernels that a device
// gets follow from its type, and a simulated device says that it is all of them. Defines the entry
// point itself, as the program's own come before those of the loader.
#include <CL/cl.h>
#include <dlfcn.h>

#include <cstdlib>
#include <string_view>

extern "C" __attribute__((visibility("default"))) cl_int CL_API_CALL clGetDeviceInfo(
    cl_device_id device, cl_device_info what, std::size_t size, void* value, std::size_t* needed) {
  static auto* const next =
      reinterpret_cast<decltype(::clGetDeviceInfo)*>(::dlsym(RTLD_NEXT, "clGetDeviceInfo"));
  const cl_int status = next(device, what, size, value, needed);
  const char* const type = std::getenv("DOVETAIL_TEST_DEVICE_TYPE");
  if (what == CL_DEVICE_TYPE && status == CL_SUCCESS && value != nullptr && type != nullptr) {
    *static_cast<cl_device_type*>(value) =
        std::string_view(type) == "cpu" ? CL_DEVICE_TYPE_CPU : CL_DEVICE_TYPE_GPU;
  }
  return status;
}
