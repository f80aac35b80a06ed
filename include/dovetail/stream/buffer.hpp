// SPDX-License-Identifier: Apache-2.0
// Device memory.
#pragma once

#include <CL/cl.h>

#include <concepts>
#include <cstddef>
#include <memory>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"

namespace dovetail {

/// A copyable handle to a block of device memory, freed with its last handle.
///
/// OpenCL keeps the memory until commands that use it are done, so a handle may go while work is in
/// flight. Thread-safe.
class DOVETAIL_EXPORT Buffer {
 public:
  /// Allocates `nbytes` of uninitialised memory; with 0, holds none and `get()` is null.
  /// @throws OutOfMemory  the device has not that much.
  Buffer(const Context& context, std::size_t nbytes);

  /// Allocates memory that starts as a copy of `nbytes` at `source`; the copy is made before this
  /// returns and waits for no queue.
  Buffer(const Context& context, std::size_t nbytes, const void* source);

  /// Shares somebody's memory; it is retained for the lifetime of the handles.
  /// @throws InvalidArgument  `memory` is null or belongs to another context.
  [[nodiscard]] static Buffer retain(const Context& context, cl_mem memory);

  cl_mem get() const noexcept;
  /// Size in bytes.
  std::size_t nbytes() const noexcept;
  const Context& context() const noexcept;

  /// Same memory object.
  friend bool operator==(const Buffer& a, const Buffer& b) noexcept { return a.get() == b.get(); }

 private:
  struct State;
  explicit Buffer(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

/// A range of a buffer: what a tensor or field hands to a kernel.
struct BufferView {
  Buffer buffer;
  std::size_t offset = 0;  ///< In bytes, from the buffer's start.
  std::size_t nbytes = 0;
};

/// A type whose data lies in one range of a buffer: `storage()` tells which.
template <typename T>
concept HasStorage = requires(const T& value) {
  { value.storage() } -> std::convertible_to<BufferView>;
};

}  // namespace dovetail
