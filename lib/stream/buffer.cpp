// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/buffer.hpp"

#include <fmt/format.h>

#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/core/memory_info.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/stream/buffer_state.hpp"

namespace dovetail {

namespace detail {
namespace {

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

cl_mem create_memory(const Context& context, std::size_t nbytes, const void* source) {
  check_not_forked("Buffer");
  // Some drivers take any size here, and fail at the first command that uses the memory.
  if (nbytes > context.device().global_memory()) {
    throw_opencl_error(CL_MEM_OBJECT_ALLOCATION_FAILURE, "clCreateBuffer",
                       SourceLocation::current(),
                       fmt::format("{} bytes on '{}', which has {}", nbytes,
                                   context.device().name(), context.device().global_memory()));
  }
  const cl_mem_flags flags = CL_MEM_READ_WRITE | (source == nullptr ? 0 : CL_MEM_COPY_HOST_PTR);
  cl_int status = CL_SUCCESS;
  cl_mem memory = clCreateBuffer(context.get(), flags, nbytes, const_cast<void*>(source), &status);
  // A block larger than CL_DEVICE_MAX_MEM_ALLOC_SIZE is refused as a size, but means the same.
  if (status == CL_INVALID_BUFFER_SIZE) status = CL_MEM_OBJECT_ALLOCATION_FAILURE;
  if (status != CL_SUCCESS) {
    throw_opencl_error(status, "clCreateBuffer", SourceLocation::current(),
                       fmt::format("{} bytes on '{}'", nbytes, context.device().name()));
  }
  return memory;
}

}  // namespace

MemoryBlock::MemoryBlock(cl_mem memory_in, TrackedMemory tracked_in)
    : memory(memory_in), tracked(std::move(tracked_in)), serial(next_serial()) {}

MemoryBlock::MemoryBlock(MemoryBlock&& other) noexcept
    : memory(std::exchange(other.memory, nullptr)),
      tracked(std::move(other.tracked)),
      serial(other.serial) {}

MemoryBlock& MemoryBlock::operator=(MemoryBlock&& other) noexcept {
  std::swap(memory, other.memory);
  std::swap(tracked, other.tracked);
  std::swap(serial, other.serial);
  return *this;
}

MemoryBlock::~MemoryBlock() {
  if (memory != nullptr) release(memory);
}

MemoryBlock create_block(const Context& context, std::size_t nbytes, const void* source) {
  if (nbytes == 0) return {nullptr, {}};
  MemoryBlock block(create_memory(context, nbytes, source), {});
  block.tracked = track_new(block.memory, nbytes);
  return block;
}

BufferState::BufferState(Context context_in, MemoryBlock block_in, std::size_t nbytes_in,
                         std::shared_ptr<MemoryOwner> owner_in)
    : context(std::move(context_in)),
      block(std::move(block_in)),
      nbytes(nbytes_in),
      owner(std::move(owner_in)) {}

BufferState::~BufferState() {
  // A thread that is not there in a forked child may have held the owner's lock.
  if (!owner || block.memory == nullptr || in_forked_child()) return;
  owner->give_back(std::move(block), nbytes, is_lent_out);
}

BufferHandle handle_of(const Buffer& buffer) noexcept {
  if (!buffer.state_) return {};
  const BufferState& state = *buffer.state_;
  const MemoryBlock& block = state.block;
  return {block.memory, block.tracked.root, block.tracked.state.get(), block.tracked.range.begin,
          state.nbytes, block.serial,       state.context.get(),       &state};
}

}  // namespace detail

Buffer::Buffer(std::shared_ptr<const detail::BufferState> state) : state_(std::move(state)) {}

Buffer::Buffer(const Context& context, std::size_t nbytes) : Buffer(context, nbytes, nullptr) {}

Buffer::Buffer(const Context& context, std::size_t nbytes, const void* source) {
  detail::check_not_moved_from("Buffer", "context", context);
  detail::MemoryBlock block;
  try {
    block = detail::create_block(context, nbytes, source);
  } catch (const OutOfMemory&) {
    if (MemoryPool::of(context).trim() == 0) throw;
    block = detail::create_block(context, nbytes, source);
  }
  state_ = std::make_shared<detail::BufferState>(context, std::move(block), nbytes);
}

Buffer Buffer::retain(const Context& context, cl_mem memory) {
  detail::check_not_moved_from("Buffer::retain", "context", context);
  if (memory == nullptr) {
    throw InvalidArgument("[Buffer::retain] the memory object is null; give a live cl_mem.");
  }
  const auto type = detail::memory_info<cl_mem_object_type>(memory, CL_MEM_TYPE);
  if (type != CL_MEM_OBJECT_BUFFER) {
    throw InvalidArgument(fmt::format(
        "[Buffer::retain] the memory object is an image or a pipe (CL_MEM_TYPE {:#x}); give a "
        "buffer, or use it by OpenCL's own calls inside with_queue.",
        type));
  }
  if (detail::memory_info<cl_context>(memory, CL_MEM_CONTEXT) != context.get()) {
    throw InvalidArgument(
        "[Buffer::retain] the memory object belongs to another context; make the Context with "
        "Context::retain from the memory's own context.");
  }
  const auto nbytes = detail::memory_info<std::size_t>(memory, CL_MEM_SIZE);
  auto tracked = detail::track(memory);
  detail::check(clRetainMemObject(memory), "clRetainMemObject");
  return Buffer(std::make_shared<const detail::BufferState>(
      context, detail::MemoryBlock(memory, std::move(tracked)), nbytes));
}

cl_mem Buffer::get() const noexcept {
  if (!state_) return nullptr;
  state_->is_lent_out.store(true, std::memory_order_relaxed);
  return state_->block.memory;
}
std::size_t Buffer::nbytes() const noexcept { return state_ ? state_->nbytes : 0; }
const Context& Buffer::context() const {
  detail::check_not_moved_from("Buffer::context", "buffer", state_);
  return state_->context;
}

bool overlap(const BufferView& a, const BufferView& b) noexcept {
  const auto x = detail::handle_of(a.buffer), y = detail::handle_of(b.buffer);
  if (x.tracking == nullptr || x.tracking != y.tracking || a.nbytes == 0 || b.nbytes == 0) {
    return false;
  }
  const std::size_t x_begin = x.begin + a.offset, y_begin = y.begin + b.offset;
  return x_begin < y_begin + b.nbytes && y_begin < x_begin + a.nbytes;
}

}  // namespace dovetail
