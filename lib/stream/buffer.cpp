// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/buffer.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail {

struct Buffer::State {
  Context context;
  cl_mem memory;
  std::size_t nbytes;

  State(Context context_in, cl_mem memory_in, std::size_t nbytes_in)
      : context(std::move(context_in)), memory(memory_in), nbytes(nbytes_in) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (memory != nullptr) {
      detail::report_unless_success(clReleaseMemObject(memory), "clReleaseMemObject");
    }
  }
};

namespace {

cl_mem allocate(const Context& context, std::size_t nbytes, const void* source) {
  if (nbytes == 0) return nullptr;
  // Some drivers take any size here, and fail at the first command that uses the memory.
  if (nbytes > context.device().global_memory()) {
    detail::throw_opencl_error(
        CL_MEM_OBJECT_ALLOCATION_FAILURE, "clCreateBuffer", std::source_location::current(),
        fmt::format("{} bytes on '{}', which has {}", nbytes, context.device().name(),
                    context.device().global_memory()));
  }
  const cl_mem_flags flags = CL_MEM_READ_WRITE | (source == nullptr ? 0 : CL_MEM_COPY_HOST_PTR);
  cl_int status = CL_SUCCESS;
  cl_mem memory = clCreateBuffer(context.get(), flags, nbytes, const_cast<void*>(source), &status);
  // A block larger than CL_DEVICE_MAX_MEM_ALLOC_SIZE is refused as a size, but means the same.
  if (status == CL_INVALID_BUFFER_SIZE) status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
  if (status != CL_SUCCESS) {
    detail::throw_opencl_error(status, "clCreateBuffer", std::source_location::current(),
                               fmt::format("{} bytes on '{}'", nbytes, context.device().name()));
  }
  return memory;
}

}  // namespace

Buffer::Buffer(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Buffer::Buffer(const Context& context, std::size_t nbytes) : Buffer(context, nbytes, nullptr) {}

Buffer::Buffer(const Context& context, std::size_t nbytes, const void* source)
    : state_(std::make_shared<const State>(context, allocate(context, nbytes, source), nbytes)) {}

Buffer Buffer::retain(const Context& context, cl_mem memory) {
  if (memory == nullptr) {
    throw InvalidArgument("[Buffer::retain] the memory object is null; give a live cl_mem.");
  }
  cl_context owner = nullptr;
  std::size_t nbytes = 0;
  detail::check(clGetMemObjectInfo(memory, CL_MEM_CONTEXT, sizeof(owner), &owner, nullptr),
                "clGetMemObjectInfo");
  detail::check(clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof(nbytes), &nbytes, nullptr),
                "clGetMemObjectInfo");
  if (owner != context.get()) {
    throw InvalidArgument(
        "[Buffer::retain] the memory object belongs to another context; make the Context with "
        "Context::retain from the memory's own context.");
  }
  detail::check(clRetainMemObject(memory), "clRetainMemObject");
  return Buffer(std::make_shared<const State>(context, memory, nbytes));
}

cl_mem Buffer::get() const noexcept { return state_->memory; }
std::size_t Buffer::nbytes() const noexcept { return state_->nbytes; }
const Context& Buffer::context() const noexcept { return state_->context; }

}  // namespace dovetail
