// SPDX-License-Identifier: Apache-2.0
// What stands behind the handle Buffer.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "dovetail/stream/buffer.hpp"
#include "lib/stream/order/memory_state.hpp"

namespace dovetail::detail {

/// A reference to a memory object and what is known of it; moves from owner to owner.
struct MemoryBlock {
  MemoryBlock() = default;
  /// Takes over one reference to `memory`, which may be null.
  MemoryBlock(cl_mem memory, TrackedMemory tracked);
  MemoryBlock(MemoryBlock&& other) noexcept;
  MemoryBlock& operator=(MemoryBlock&& other) noexcept;
  ~MemoryBlock();  ///< Gives the reference back to OpenCL.

  cl_mem memory = nullptr;
  TrackedMemory tracked;
  std::uint64_t serial = 0;  ///< Unique in the process, and the same for as long as the reference.
};

/// A new memory object of `nbytes`, a copy of `source` unless that is null; none for 0 bytes.
/// @throws OutOfMemory  the device has not that much.
MemoryBlock create_block(const Context& context, std::size_t nbytes, const void* source);

/// Who gets memory back when its last Buffer goes; else it is released to OpenCL.
class MemoryOwner {
 public:
  MemoryOwner() = default;
  MemoryOwner(const MemoryOwner&) = delete;
  MemoryOwner& operator=(const MemoryOwner&) = delete;
  virtual ~MemoryOwner() = default;

  /// Called by the thread that drops the last handle; never in a forked child.
  /// @param nbytes        What was asked for with it.
  /// @param is_lent_out   Others may have got the native handle: it may be in use unseen.
  virtual void give_back(MemoryBlock block, std::size_t nbytes, bool is_lent_out) noexcept = 0;
};

struct BufferState : std::enable_shared_from_this<BufferState> {
  BufferState(Context context, MemoryBlock block, std::size_t nbytes,
              std::shared_ptr<MemoryOwner> owner = nullptr);
  ~BufferState();
  BufferState(const BufferState&) = delete;
  BufferState& operator=(const BufferState&) = delete;

  /// A Buffer of this state.
  static Buffer handle(std::shared_ptr<const BufferState> state) {
    return Buffer(std::move(state));
  }

  Context context;
  MemoryBlock block;
  std::size_t nbytes;
  std::shared_ptr<MemoryOwner> owner;
  mutable std::atomic<bool> is_lent_out{false};
};

}  // namespace dovetail::detail
