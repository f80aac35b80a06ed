// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/capture/command_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail::detail {
namespace {

/// The version of the device's cl_khr_command_buffer; 0 if it has none.
cl_version extension_version(cl_device_id device) {
  std::size_t nbytes = 0;
  if (clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, 0, nullptr, &nbytes) !=
      CL_SUCCESS) {
    return 0;
  }
  std::vector<cl_name_version> extensions(nbytes / sizeof(cl_name_version));
  check(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS_WITH_VERSION, nbytes, extensions.data(),
                        nullptr),
        "clGetDeviceInfo");
  const auto found = std::ranges::find_if(extensions, [](const cl_name_version& extension) {
    return std::strcmp(extension.name, "cl_khr_command_buffer") == 0;
  });
  return found == extensions.end() ? 0 : found->version;
}

}  // namespace

/// The extension's entry points. From version 0.9.5 on, those that add a command take one argument
/// more, a list of properties.
struct CommandBuffer::Functions {
  cl_command_buffer_khr(CL_API_CALL* create)(cl_uint, const cl_command_queue*,
                                             const cl_command_buffer_properties_khr*, cl_int*);
  cl_int(CL_API_CALL* finalize)(cl_command_buffer_khr);
  cl_int(CL_API_CALL* release)(cl_command_buffer_khr);
  cl_int(CL_API_CALL* enqueue)(cl_uint, cl_command_queue*, cl_command_buffer_khr, cl_uint,
                               const cl_event*, cl_event*);
  cl_int(CL_API_CALL* kernel)(cl_command_buffer_khr, cl_command_queue, const void*, cl_kernel,
                              cl_uint, const std::size_t*, const std::size_t*, const std::size_t*,
                              cl_uint, const cl_sync_point_khr*, cl_sync_point_khr*, void*);
  void* fill;
  void* copy;
  bool commands_take_properties;

  explicit Functions(const Device& device) {
    const auto load = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          clGetExtensionFunctionAddressForPlatform(device.platform(), name));
    };
    load(create, "clCreateCommandBufferKHR");
    load(finalize, "clFinalizeCommandBufferKHR");
    load(release, "clReleaseCommandBufferKHR");
    load(enqueue, "clEnqueueCommandBufferKHR");
    load(kernel, "clCommandNDRangeKernelKHR");
    load(fill, "clCommandFillBufferKHR");
    load(copy, "clCommandCopyBufferKHR");
    commands_take_properties = extension_version(device.get()) >= CL_MAKE_VERSION(0, 9, 5);
  }
  bool are_complete() const {
    return create != nullptr && finalize != nullptr && release != nullptr && enqueue != nullptr &&
           kernel != nullptr && fill != nullptr && copy != nullptr;
  }

  /// Calls an entry point that adds a command.
  template <typename... Arguments>
  cl_int add(void* function, cl_command_buffer_khr buffer, Arguments... arguments) const {
    const auto call = [&](auto... properties) {
      using Function = cl_int(CL_API_CALL*)(cl_command_buffer_khr, cl_command_queue,
                                            decltype(properties)..., Arguments..., cl_uint,
                                            const cl_sync_point_khr*, cl_sync_point_khr*, void*);
      return reinterpret_cast<Function>(function)(buffer, nullptr, properties..., arguments..., 0,
                                                  nullptr, nullptr, nullptr);
    };
    return commands_take_properties ? call(static_cast<const void*>(nullptr)) : call();
  }

  static const Functions& of(const Device& device) {
    static std::mutex mutex;
    static auto* const all = new std::map<cl_device_id, Functions>;
    const std::scoped_lock lock(mutex);
    return all->try_emplace(device.get(), device).first->second;
  }
};

bool CommandBuffer::is_supported(const Device& device) {
  if (extension_version(device.get()) == 0 || !Functions::of(device).are_complete()) return false;
  cl_device_command_buffer_capabilities_khr capabilities = 0;
  check(clGetDeviceInfo(device.get(), CL_DEVICE_COMMAND_BUFFER_CAPABILITIES_KHR,
                        sizeof(capabilities), &capabilities, nullptr),
        "clGetDeviceInfo");
  return (capabilities & CL_COMMAND_BUFFER_CAPABILITY_SIMULTANEOUS_USE_KHR) != 0;
}

CommandBuffer::CommandBuffer(const Device& device, cl_command_queue queue)
    : functions_(Functions::of(device)) {
  const cl_command_buffer_properties_khr properties[] = {CL_COMMAND_BUFFER_FLAGS_KHR,
                                                         CL_COMMAND_BUFFER_SIMULTANEOUS_USE_KHR, 0};
  cl_int status = CL_SUCCESS;
  native_ = functions_.create(1, &queue, properties, &status);
  check(status, "clCreateCommandBufferKHR");
}

CommandBuffer::~CommandBuffer() {
  if (!in_forked_child()) functions_.release(native_);
}

void CommandBuffer::add_kernel(cl_kernel kernel, unsigned dimensions, const std::size_t* global,
                               const std::size_t* local) {
  check(functions_.kernel(native_, nullptr, nullptr, kernel, dimensions, nullptr, global, local, 0,
                          nullptr, nullptr, nullptr),
        "clCommandNDRangeKernelKHR");
}

void CommandBuffer::add_fill(cl_mem memory, const void* pattern, std::size_t pattern_nbytes,
                             std::size_t offset, std::size_t nbytes) {
  check(functions_.add(functions_.fill, native_, memory, pattern, pattern_nbytes, offset, nbytes),
        "clCommandFillBufferKHR");
}

void CommandBuffer::add_copy(cl_mem from, cl_mem to, std::size_t from_offset, std::size_t to_offset,
                             std::size_t nbytes) {
  check(functions_.add(functions_.copy, native_, from, to, from_offset, to_offset, nbytes),
        "clCommandCopyBufferKHR");
}

void CommandBuffer::finalize() {
  check(functions_.finalize(native_), "clFinalizeCommandBufferKHR");
}

cl_int CommandBuffer::enqueue(cl_command_queue queue) const {
  return functions_.enqueue(1, &queue, native_, 0, nullptr, nullptr);
}

}  // namespace dovetail::detail
