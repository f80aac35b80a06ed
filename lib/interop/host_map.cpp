// SPDX-License-Identifier: Apache-2.0
#include "lib/interop/host_map.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/memory_info.hpp"
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
  const cl_command_queue queue = state_of(apart)->queue;
  check(clEnqueueUnmapMemObject(queue, memory, pointer, 0, nullptr, nullptr),
        "clEnqueueUnmapMemObject");
  check(clFinish(queue), "clFinish");
} catch (const std::exception& error) {
  std::fprintf(stderr, "dovetail: memory stays mapped: %s\n", error.what());
}

}  // namespace

void* map_to_host(const Stream& stream, const BufferView& memory, const char* function) {
  const auto& state = state_of(stream, function);
  if (state->context.get() != memory.buffer.context().get()) {
    throw InvalidArgument(fmt::format(
        "[{}] the stream belongs to another context than the tensor; give one of the tensor's.",
        function));
  }
  cl_event event = nullptr;
  Point point{stream.id(), 0};
  ClockSnapshot clock;
  void* pointer = nullptr;
  {
    TrackedUses uses;
    add_use(uses, memory, Access::read_write);
    const Submission submission(stream, uses, {"map", function});
    cl_int status = CL_SUCCESS;
    pointer = clEnqueueMapBuffer(submission.queue(), handle_of(memory.buffer).memory, CL_FALSE,
                                 CL_MAP_READ | CL_MAP_WRITE, memory.offset, memory.nbytes, 0,
                                 nullptr, &event, &status);
    check(status, "clEnqueueMapBuffer");
    point.ticket = submission.ticket();
    clock = state->clock;
  }
  const auto done = std::make_shared<const Marker>(event, point, 0, std::move(clock));
  try {
    synchronize_with(done, state.get(), std::nullopt, function);
  } catch (...) {
    outlast(*done, state->queue);  // or the driver would map what is unmapped by then
    discard_mapping(stream.context(), handle_of(memory.buffer).memory, pointer);
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
