// SPDX-License-Identifier: Apache-2.0
#include "lib/interop/host_map.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <functional>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "lib/core/memory_info.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/stream_access.hpp"
#include "lib/stream/submit/submission.hpp"
#include "lib/stream/submit/transfer.hpp"

namespace dovetail {

namespace detail {
namespace {

/// Ends a mapping whose command has failed, which PoCL 3.1 counts all the same. Apart from all
/// queues that refuse; not where the memory is the device's, which would take the host's bytes.
void discard_mapping(const Context& context, cl_mem memory, void* pointer) noexcept try {
  if (context.device().type() != DeviceType::cpu) return;
  const Stream apart(context);
  const cl_command_queue queue = apart.get();
  check(clEnqueueUnmapMemObject(queue, memory, pointer, 0, nullptr, nullptr),
        "clEnqueueUnmapMemObject");
  check(clFinish(queue), "clFinish");
} catch (const std::exception& error) {
  std::fprintf(stderr, "dovetail: memory stays mapped: %s\n", error.what());
}

}  // namespace

void* map_to_host(const Stream& stream, const BufferView& memory, const char* function) {
  if (context_of(stream, function).get() != memory.buffer.context().get()) {
    throw InvalidArgument(fmt::format(
        "[{}] the stream belongs to another context than the tensor; give one of the tensor's.",
        function));
  }
  void* pointer = nullptr;
  const auto map = [&](cl_command_queue queue, cl_event* event) {
    cl_int status = CL_SUCCESS;
    pointer = clEnqueueMapBuffer(queue, handle_of(memory.buffer).memory, CL_FALSE,
                                 CL_MAP_READ | CL_MAP_WRITE, memory.offset, memory.nbytes, 0,
                                 nullptr, event, &status);
    if (status != CL_SUCCESS) pointer = nullptr;
    return status;
  };
  try {
    enqueue_and_wait(
        stream, {memory, Access::read_write, {"map", function}, function, "clEnqueueMapBuffer"},
        std::cref(map));
  } catch (...) {
    if (pointer != nullptr) {
      discard_mapping(stream.context(), handle_of(memory.buffer).memory, pointer);
    }
    throw;
  }
  return pointer;
}

void unmap_from_host(const Stream& stream, const BufferView& memory, void* pointer,
                     const char* function) {
  TrackedUses uses;
  add_use(uses, memory, Access::read_write);
  const Submission submission(stream, uses, {"unmap", function});
  const auto unmap = [&] {
    return clEnqueueUnmapMemObject(submission.queue(), handle_of(memory.buffer).memory, pointer, 0,
                                   nullptr, nullptr);
  };
  cl_int status = unmap();
  // Memory that stays mapped never goes back to its owner.
  if (status != CL_SUCCESS) status = unmap();
  check(status, "clEnqueueUnmapMemObject");
}

}  // namespace detail

void interop::synchronize_host(const Stream& stream, const Tensor& tensor) {
  constexpr const char* function = "synchronize_host";
  const BufferView& memory = tensor.storage();
  if (memory.nbytes == 0) return;
  const auto flags =
      detail::memory_info<cl_mem_flags>(detail::handle_of(memory.buffer).memory, CL_MEM_FLAGS);
  if (!(flags & CL_MEM_USE_HOST_PTR)) {
    throw InvalidArgument(
        fmt::format("[{}] the tensor {} does not lie in the host's memory, such as from_dlpack "
                    "takes over; read it by to_host.",
                    function, tensor.shape().str()));
  }
  void* const pointer = detail::map_to_host(stream, memory, function);
  detail::unmap_from_host(stream, memory, pointer, function);
}

}  // namespace dovetail
