// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/kernel_instance.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/runtime/argument_check.hpp"
#include "lib/stream/submit/tracked_use.hpp"

namespace dovetail::detail {

SubBuffers::~SubBuffers() {
  for (cl_mem memory : held_) release(memory);
}

cl_mem SubBuffers::at_offset(const KernelSignature& signature, std::size_t index,
                             const KernelArgument& argument, const Device& device) {
  if (is_raw(argument)) return argument.memory();
  if (argument.nbytes() == 0) return nullptr;  // as an empty buffer: there is nothing to point at
  if (argument.offset() == 0) return argument.memory();
  if (argument.offset() % device.base_address_alignment() != 0) {
    throw InvalidArgument(fmt::format(
        "{} was given memory at offset {} bytes, which is not a multiple of this "
        "device's alignment of {}; pass the whole buffer and the offset as an "
        "argument of its own.",
        argument_label(signature, index), argument.offset(), device.base_address_alignment()));
  }
  // To the end, whatever the argument's size: NVIDIA's driver 580 mixes up sub-buffers that have
  // one origin and different sizes, and gives wrong results even on one queue.
  const BufferHandle& handle = argument.handle();
  const std::size_t origin = handle.begin + argument.offset();
  const cl_buffer_region region{origin, handle.tracking->nbytes() - origin};
  held_.reserve(held_.size() + 1);
  cl_int status = CL_SUCCESS;
  // OpenCL has no sub-buffers of sub-buffers.
  cl_mem memory = clCreateSubBuffer(handle.root, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &status);
  check(status, "clCreateSubBuffer");
  held_.push_back(memory);
  return memory;
}

KernelInstance::KernelInstance(cl_program program, const KernelSignature& signature)
    : arguments_(signature.parameters.size()), structs_(signature.parameters.size()) {
  cl_int status = CL_SUCCESS;
  kernel_ = clCreateKernel(program, signature.name.c_str(), &status);
  check(status, "clCreateKernel");
}

KernelInstance::~KernelInstance() { release(kernel_); }

void KernelInstance::change(const KernelSignature& signature, std::size_t index,
                            const KernelArgument& argument, const Device& device,
                            SubBuffers& sub_buffers) {
  // Whichever of them told the old value; unknown, should what follows throw.
  arguments_[index] = {};
  structs_[index].clear();
  const auto position = static_cast<cl_uint>(index);
  cl_int status = CL_SUCCESS;
  switch (argument.kind()) {
    case KernelArgument::Kind::value:
      status = clSetKernelArg(kernel_, position, argument.nbytes(), argument.value());
      break;
    case KernelArgument::Kind::local:
      status = clSetKernelArg(kernel_, position, argument.nbytes(), nullptr);
      break;
    case KernelArgument::Kind::memory: {
      const cl_mem memory = sub_buffers.at_offset(signature, index, argument, device);
      status = clSetKernelArg(kernel_, position, sizeof(memory), &memory);
      break;
    }
  }
  if (status == CL_INVALID_ARG_SIZE || status == CL_INVALID_ARG_VALUE ||
      status == CL_INVALID_MEM_OBJECT) {
    throw InvalidArgument(fmt::format("{} does not take {} of {} bytes ({}).",
                                      argument_label(signature, index), kind_name(argument.kind()),
                                      argument.nbytes(), status_name(status)));
  }
  check(status, "clSetKernelArg");
}

void KernelInstance::set_struct(const KernelSignature& signature, std::size_t index,
                                const KernelArgument& argument, const Device& device,
                                SubBuffers& sub_buffers) {
  std::vector<unsigned char>& bytes = structs_[index];
  const auto* const wanted = static_cast<const unsigned char*>(argument.value());
  if (bytes.size() == argument.nbytes() && std::memcmp(bytes.data(), wanted, bytes.size()) == 0) {
    return;
  }
  change(signature, index, argument, device, sub_buffers);
  bytes.assign(wanted, wanted + argument.nbytes());
}

}  // namespace dovetail::detail
