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

/// A buffer's native handle, for Dovetail's own layers, which declare how they use it.
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

/// A copyable handle to a block of device memory, freed with its last handle.
///
/// Work that Dovetail is given is ordered by what it reads and writes of the memory, on whichever
/// streams and through whichever handles: two Buffers of one cl_mem, or of a sub-buffer and its
/// parent, are known to share bytes. OpenCL keeps the memory until commands that use it are done,
/// so a handle may go while work is in flight. A handle that was moved from holds no memory and is
/// refused by whatever it is given to. Thread-safe.
class DOVETAIL_EXPORT Buffer {
 public:
  /// Allocates `nbytes` of uninitialised memory; with 0, holds none and `get()` is null.
  /// @throws OutOfMemory  the device has not that much.
  Buffer(const Context& context, std::size_t nbytes);

  /// Allocates memory that starts as a copy of `nbytes` at `source`; the copy is made before this
  /// returns and waits for no queue.
  Buffer(const Context& context, std::size_t nbytes, const void* source);

  /// Shares somebody's memory; it is retained for the lifetime of the handles.
  /// @throws InvalidArgument  `memory` is null, an image or a pipe, or belongs to another context.
  [[nodiscard]] static Buffer retain(const Context& context, cl_mem memory);

  /// The native handle, for other libraries. Dovetail does not see what they do with it: on one
  /// stream the queue orders it, towards other streams declare it, see MemoryUse. Memory that came
  /// from a MemoryPool does not go back to it once this was called.
  cl_mem get() const noexcept;
  /// Size in bytes.
  std::size_t nbytes() const noexcept;
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const;

  /// Same memory object.
  friend bool operator==(const Buffer& a, const Buffer& b) noexcept {
    return detail::handle_of(a).memory == detail::handle_of(b).memory;
  }

 private:
  friend DOVETAIL_EXPORT detail::BufferHandle detail::handle_of(const Buffer&) noexcept;
  friend struct detail::BufferState;
  explicit Buffer(std::shared_ptr<const detail::BufferState> state);
  std::shared_ptr<const detail::BufferState> state_;
};

/// A range of a buffer: what a tensor or field hands to a kernel.
struct BufferView {
  Buffer buffer;
  std::size_t offset = 0;  ///< In bytes, from the buffer's start.
  std::size_t nbytes = 0;
};

/// Whether the two share a byte, sub-buffers seen through.
DOVETAIL_EXPORT bool overlap(const BufferView& a, const BufferView& b) noexcept;

/// A type whose data lies in one range of a buffer: `storage()` tells which. With `dtype()` as
/// well, launches check that the kernel points to such elements.
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
}  // namespace detail

}  // namespace dovetail
