// SPDX-License-Identifier: Apache-2.0
#include <dlpack/dlpack.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/interop/deferred_deleter.hpp"
#include "lib/interop/dlpack_format.hpp"
#include "lib/interop/dlpack_owner.hpp"

namespace dovetail::interop {
namespace {

using detail::BufferState;
using detail::DlpackOwner;
using detail::MemoryBlock;

struct Described {
  Shape shape;
  DType dtype;
  std::size_t nbytes;
};

Buffer buffer_of(const Context& context, MemoryBlock block, std::size_t nbytes,
                 std::shared_ptr<DlpackOwner> owner) {
  return BufferState::handle(
      std::make_shared<const BufferState>(context, std::move(block), nbytes, std::move(owner)));
}

Tensor import_opencl(const Context& context, DLManagedTensor* managed, const Described& described,
                     cl_command_queue queue) {
  const DLTensor& source = managed->dl_tensor;
  auto* const memory = static_cast<cl_mem>(source.data);
  const Buffer checked = Buffer::retain(context, memory);
  std::optional<Stream> producer;
  if (queue != nullptr) producer = Stream::retain(context, queue);

  const auto owner = detail::own_opencl_memory(producer);
  auto tracked = detail::track(memory);
  detail::check(clRetainMemObject(memory), "clRetainMemObject");
  const Buffer buffer =
      buffer_of(context, MemoryBlock(memory, std::move(tracked)), checked.nbytes(), owner);
  Tensor tensor = Tensor::from_buffer(buffer, described.shape, described.dtype, source.byte_offset);
  if (producer) {
    // Stands for what the producer has enqueued: later work comes after it.
    const std::array uses{updates(tensor)};
    with_queue(*producer, uses, "from_dlpack", [](cl_command_queue) {});
  }
  owner->take(managed);
  return tensor;
}

/// Why `context` cannot use the host's memory at `data` in place; empty if it can.
std::string obstacle(const Context& context, const void* data) {
  const Device& device = context.device();
  if (device.type() != DeviceType::cpu) {
    return fmt::format("'{}' cannot use the host's memory in place", device.name());
  }
  constexpr std::size_t widest_register = 64;
  const std::size_t alignment = std::min(widest_register, device.base_address_alignment());
  if (reinterpret_cast<std::uintptr_t>(data) % alignment != 0) {
    return fmt::format("the data at {} are not aligned to {} bytes", data, alignment);
  }
  return {};
}

Tensor import_host(const Context& context, DLManagedTensor* managed, const Described& described,
                   bool may_copy) {
  auto* const data =
      static_cast<unsigned char*>(managed->dl_tensor.data) + managed->dl_tensor.byte_offset;
  if (const std::string why = obstacle(context, data); !why.empty()) {
    if (!may_copy) {
      throw InvalidArgument(
          fmt::format("[from_dlpack] {}; allow a copy by DlpackImport{{.may_copy = true}}.", why));
    }
    Tensor copy = Tensor::from_buffer(Buffer(context, described.nbytes, data), described.shape,
                                      described.dtype);
    detail::call_deleter(managed);
    return copy;
  }
  cl_int status = CL_SUCCESS;
  cl_mem memory = clCreateBuffer(context.get(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                 described.nbytes, data, &status);
  detail::check(status, "clCreateBuffer");
  MemoryBlock block(memory, {});
  block.tracked = detail::track_new(memory, described.nbytes);
  const auto owner = detail::own_host_memory(memory);
  Tensor tensor = Tensor::from_buffer(buffer_of(context, std::move(block), described.nbytes, owner),
                                      described.shape, described.dtype);
  owner->take(managed);
  return tensor;
}

Described describe(const DLTensor& source) {
  const Shape shape = detail::shape_of_dlpack(source);
  const DType dtype = detail::dtype_of_dlpack(source.dtype);
  std::size_t nbytes = 0, end = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.size()), size_of(dtype), &nbytes) ||
      __builtin_add_overflow(nbytes, source.byte_offset, &end) || end > PTRDIFF_MAX) {
    throw InvalidArgument(fmt::format(
        "[from_dlpack] shape {} of {} at byte_offset {} ends where no memory can; give a valid "
        "DLTensor.",
        shape.str(), to_string(dtype), source.byte_offset));
  }
  if (nbytes > 0 && source.data == nullptr) {
    throw InvalidArgument(fmt::format("[from_dlpack] the data of shape {} are null.", shape.str()));
  }
  return {shape, dtype, nbytes};
}

}  // namespace

Tensor from_dlpack(const Context& context, DLManagedTensor* managed,
                   const DlpackImportOptions& options) {
  detail::check_not_forked("from_dlpack");
  detail::check_not_moved_from("from_dlpack", "context", context);
  if (managed == nullptr) {
    throw InvalidArgument("[from_dlpack] the tensor is null; give a live DLManagedTensor.");
  }
  const DLDevice device = managed->dl_tensor.device;
  if (device.device_type != kDLOpenCL && device.device_type != kDLCPU) {
    throw InvalidArgument(fmt::format(
        "[from_dlpack] DLPack device type {}, but only OpenCL (4) and CPU (1) memory can be taken; "
        "move the tensor to the CPU first.",
        static_cast<int>(device.device_type)));
  }
  if (device.device_type == kDLCPU && options.queue != nullptr) {
    throw InvalidArgument(
        "[from_dlpack] a queue for memory of the CPU, which no queue makes ready; leave it out.");
  }
  const Described described = describe(managed->dl_tensor);
  if (described.nbytes == 0) {
    Tensor empty = Tensor::from_buffer(Buffer(context, 0), described.shape, described.dtype);
    detail::call_deleter(managed);
    return empty;
  }
  if (device.device_type == kDLCPU) {
    return import_host(context, managed, described, options.may_copy);
  }
  return import_opencl(context, managed, described, options.queue);
}

}  // namespace dovetail::interop
