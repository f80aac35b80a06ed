// SPDX-License-Identifier: Apache-2.0
// What a kernel can be launched with.
#pragma once

#include <CL/cl.h>

#include <concepts>
#include <cstddef>
#include <type_traits>

#include "dovetail/stream/buffer.hpp"

namespace dovetail {

/// Local memory of `nbytes` for a work-group.
struct LocalMemory {
  std::size_t nbytes;
};

/// One argument of a launch. Made implicitly from a scalar, an OpenCL vector (cl_float4, ...), a
/// struct, a cl_mem, a Buffer, a BufferView, anything with `storage()` (a tensor), or LocalMemory.
/// Refers to the value that it was made from, which must outlive the launch call.
class KernelArgument {
 public:
  enum class Kind { value, memory, local };
  enum class ValueType { floating, integral, other };

  template <typename T>
  requires(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !std::same_as<T, bool> &&
           !HasStorage<T>)
      KernelArgument(const T& value)  // NOLINT(google-explicit-constructor): a conversion is meant
      : kind_(Kind::value),
        value_type_(std::is_floating_point_v<T> ? ValueType::floating
                    : std::is_integral_v<T>     ? ValueType::integral
                                                : ValueType::other),
        value_(&value),
        nbytes_(sizeof(T)) {}
  KernelArgument(const LocalMemory& local)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::local), nbytes_(local.nbytes) {}
  KernelArgument(cl_mem memory)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::memory), memory_(memory) {}
  KernelArgument(const Buffer& buffer)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::memory),
        memory_(buffer.get()),
        context_(buffer.context().get()),
        nbytes_(buffer.nbytes()) {}
  KernelArgument(const BufferView& view)  // NOLINT(google-explicit-constructor)
      : KernelArgument(view.buffer) {
    offset_ = view.offset;
    nbytes_ = view.nbytes;
  }
  template <HasStorage T>
  KernelArgument(const T& value)  // NOLINT(google-explicit-constructor)
      : KernelArgument(static_cast<BufferView>(value.storage())) {}

  Kind kind() const noexcept { return kind_; }
  ValueType value_type() const noexcept { return value_type_; }
  /// The value's bytes; null unless a value.
  const void* value() const noexcept { return value_; }
  /// Bytes of the value, of the range of memory, or of local memory.
  std::size_t nbytes() const noexcept { return nbytes_; }
  cl_mem memory() const noexcept { return memory_; }
  /// Where the memory range starts, in bytes.
  std::size_t offset() const noexcept { return offset_; }
  /// The memory's context; null for a raw cl_mem.
  cl_context context() const noexcept { return context_; }

 private:
  Kind kind_;
  ValueType value_type_ = ValueType::other;
  const void* value_ = nullptr;
  cl_mem memory_ = nullptr;
  cl_context context_ = nullptr;
  std::size_t offset_ = 0;
  std::size_t nbytes_ = 0;
};

}  // namespace dovetail
