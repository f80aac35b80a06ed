// SPDX-License-Identifier: Apache-2.0
// Device memory.
#pragma once

#include <CL/cl.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "dovetail/core/context.hpp"
#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"

namespace dovetail {

class Buffer;
namespace detail {
class MemoryState;
struct BufferState;

/// A buffer's native handle for Dovetail's own layers, which declare their uses.
struct BufferHandle {
  cl_mem memory = nullptr;
  cl_mem root =
      nullptr;  ///< The memory object that is tracked: a sub-buffer's parent, or `memory`.
  MemoryState* tracking = nullptr;  ///< Null for no memory.
  std::size_t begin = 0;  ///< Where the buffer starts in the memory object that is tracked.
  std::size_t nbytes = 0;
  std::uint64_t serial = 0;  ///< Of the Buffer; unique in the process, unlike a handle's value.
  cl_context context = nullptr;
  const BufferState* state = nullptr;
};
DOVETAIL_EXPORT BufferHandle handle_of(const Buffer& buffer) noexcept;
}  // namespace detail

/// A copyable handle to a block of device memory. The last handle frees the block.
///
/// Dovetail orders its work by the bytes that it reads and writes, on all streams and through all
/// handles: two Buffers of one cl_mem, or of a sub-buffer and its parent, share bytes. Handles may
/// go while work is in flight, since OpenCL keeps the memory until its commands are done. After a
/// move, the handle holds no memory, and every function that takes it throws. Thread-safe.
class DOVETAIL_EXPORT Buffer {
 public:
  /// Allocates `nbytes` of uninitialised memory. With 0, allocates none and `lend()` is null.
  /// @throws OutOfMemory  the device has too little memory.
  Buffer(const Context& context, std::size_t nbytes);

  /// Allocates a copy of the `nbytes` at `source`, complete on return; waits for no queue.
  Buffer(const Context& context, std::size_t nbytes, const void* source);

  /// Shares existing memory and retains it for as long as a handle exists.
  /// @throws InvalidArgument  `memory` is null, an image or a pipe, or belongs to another context.
  [[nodiscard]] static Buffer retain(const Context& context, cl_mem memory);

  /// Lends the native handle to other libraries. Dovetail does not see what they do with it: their
  /// work keeps its place on its own stream; declare it to other streams by `with_queue`. A block
  /// of a MemoryPool is never recycled once it was lent.
  [[nodiscard]] cl_mem lend() const noexcept;
  /// Returns the size in bytes.
  std::size_t nbytes() const noexcept;
  /// Returns the context.
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const;

  /// Compares the memory objects.
  friend bool operator==(const Buffer& a, const Buffer& b) noexcept {
    return detail::handle_of(a).memory == detail::handle_of(b).memory;
  }

 private:
  friend DOVETAIL_EXPORT detail::BufferHandle detail::handle_of(const Buffer&) noexcept;
  friend struct detail::BufferState;
  explicit Buffer(std::shared_ptr<const detail::BufferState> state);
  std::shared_ptr<const detail::BufferState> state_;
};

/// A range of a buffer, such as a tensor or field passes to a kernel.
struct BufferView {
  Buffer buffer;
  std::size_t offset = 0;  ///< In bytes, from the buffer's start.
  std::size_t nbytes = 0;
};

/// Returns whether the views share a byte. Compares sub-buffers by their parent's bytes.
DOVETAIL_EXPORT bool overlap(const BufferView& a, const BufferView& b) noexcept;

/// A type whose data is one range of a buffer, which `storage()` returns. If it also has `dtype()`,
/// launches compare that with the type that the kernel points to; if it has `is_contiguous()`, they
/// refuse what is not.
template <typename T>
concept HasStorage = requires(const T& value) {
  { value.storage() } -> std::convertible_to<BufferView>;
};

namespace detail {
template <HasStorage T>
constexpr std::optional<DType> element_of(const T& value) noexcept {
  if constexpr (requires {
                  { value.dtype() } -> std::convertible_to<DType>;
                }) {
    return value.dtype();
  } else {
    return std::nullopt;
  }
}

template <HasStorage T>
constexpr bool is_contiguous(const T& value) noexcept {
  if constexpr (requires { value.is_contiguous(); }) {
    return value.is_contiguous();
  } else {
    return true;
  }
}
}  // namespace detail

}  // namespace dovetail
