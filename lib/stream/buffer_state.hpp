// SPDX-License-Identifier: Apache-2.0
// What stands behind the handle Buffer.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "dovetail/stream/buffer.hpp"
#include "lib/stream/memory_state.hpp"

namespace dovetail::detail {

/// Who gets memory back when its last Buffer goes; else it is released to OpenCL.
class MemoryOwner {
 public:
  MemoryOwner() = default;
  MemoryOwner(const MemoryOwner&) = delete;
  MemoryOwner& operator=(const MemoryOwner&) = delete;
  virtual ~MemoryOwner() = default;

  /// Takes over the reference to `memory`. Called by the thread that drops the last handle.
  /// @param nbytes        What was asked for with it.
  /// @param is_lent_out   Others may have got the native handle: it may be in use unseen.
  virtual void give_back(cl_mem memory, TrackedMemory tracked, std::size_t nbytes,
                         bool is_lent_out) noexcept = 0;
};

struct BufferState {
  /// Takes over one reference to `memory`, which may be null.
  BufferState(Context context, cl_mem memory, std::size_t nbytes, TrackedMemory tracked,
              std::shared_ptr<MemoryOwner> owner = nullptr);
  ~BufferState();
  BufferState(const BufferState&) = delete;
  BufferState& operator=(const BufferState&) = delete;

  /// A Buffer of this state.
  static Buffer handle(std::shared_ptr<const BufferState> state) { return Buffer(std::move(state)); }

  Context context;
  cl_mem memory;
  std::size_t nbytes;
  TrackedMemory tracked;
  std::uint64_t serial;
  std::shared_ptr<MemoryOwner> owner;
  mutable std::atomic<bool> is_lent_out{false};
};

/// A new memory object of `nbytes`, a copy of `source` unless that is null; null for 0 bytes.
/// @throws OutOfMemory  the device has not that much.
cl_mem create_memory(const Context& context, std::size_t nbytes, const void* source);

}  // namespace dovetail::detail
