// SPDX-License-Identifier: Apache-2.0
// What a kernel can be launched with.
#pragma once

#include <CL/cl.h>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/memory_use.hpp"

namespace dovetail {

/// Local memory of `nbytes` for a work-group.
struct LocalMemory {
  std::size_t nbytes;
};

/// A range of a buffer that the kernel finds by itself: it is passed the buffer from its start, and
/// the offset in an argument of its own. Only the range is used.
struct WholeBuffer {
  MemoryUse use;
};
inline WholeBuffer whole_buffer(MemoryUse use) { return {std::move(use)}; }

/// One argument of a launch. Made implicitly from a scalar, an OpenCL vector (cl_float4, ...), a
/// struct, a cl_mem, a Buffer, a BufferView, anything with `storage()` (a tensor), or LocalMemory.
/// Refers to the value that it was made from, which must outlive the launch call.
///
/// nullptr, a null cl_mem, an empty buffer and an empty view are passed as a null pointer, which a
/// kernel may test for, as OpenCL allows. A handle that was moved from is none of these: a launch
/// refuses it.
///
/// A tensor, a field or a use of one is checked against what the kernel's parameter points to: see
/// docs/errors.md. A Buffer and a BufferView, such as `x.storage()`, are bytes, which any takes.
///
/// What the kernel does to memory is told by `reads(x)`, `writes(x)` and `updates(x)`. Otherwise it
/// is taken to read what it declares as pointer to const or constant, and to read and write the
/// rest.
class KernelArgument {
 public:
  enum class Kind { value, memory, local };
  enum class ValueType { floating, integral, other };

  template <typename T>
  requires(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> && !std::same_as<T, bool> &&
           !HasStorage<T>)
      KernelArgument(const T& value)  // NOLINT(google-explicit-constructor): a conversion is meant
      : kind_(Kind::value), value_type_(value_type_of<T>()), value_(&value), nbytes_(sizeof(T)) {}
  KernelArgument(const LocalMemory& local)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::local), nbytes_(local.nbytes) {}
  KernelArgument(cl_mem memory)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::memory), handle_{.memory = memory} {}
  KernelArgument(std::nullptr_t)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::memory) {}
  KernelArgument(const Buffer& buffer)  // NOLINT(google-explicit-constructor)
      : kind_(Kind::memory),
        handle_(detail::handle_of(buffer)),
        nbytes_(handle_.nbytes),
        used_nbytes_(nbytes_) {
    is_moved_from_ = handle_.context == nullptr;
  }
  KernelArgument(const BufferView& view)  // NOLINT(google-explicit-constructor)
      : KernelArgument(view.buffer) {
    offset_ = used_offset_ = view.offset;
    nbytes_ = used_nbytes_ = view.nbytes;
  }
  KernelArgument(const MemoryUse& use)  // NOLINT(google-explicit-constructor)
      : KernelArgument(use.memory) {
    access_ = use.access;
    element_ = use.element;
  }
  KernelArgument(const WholeBuffer& whole)  // NOLINT(google-explicit-constructor)
      : KernelArgument(KernelArgument::whole(whole.use.memory, whole.use.access)) {
    element_ = whole.use.element;
  }
  /// As from `whole_buffer`, without a copy of the handle.
  static KernelArgument whole(const BufferView& view, Access access) {
    KernelArgument argument(view.buffer);
    argument.used_offset_ = view.offset;
    argument.used_nbytes_ = view.nbytes;
    argument.access_ = access;
    return argument;
  }
  template <HasStorage T>
  KernelArgument(const T& value)  // NOLINT(google-explicit-constructor)
      : KernelArgument(static_cast<const BufferView&>(value.storage())) {
    element_ = detail::element_of(value);
  }

  Kind kind() const noexcept { return kind_; }
  ValueType value_type() const noexcept { return value_type_; }
  /// The value's bytes; null unless a value.
  const void* value() const noexcept { return value_; }
  /// Bytes of the value, of the range of memory, or of local memory.
  std::size_t nbytes() const noexcept { return nbytes_; }
  cl_mem memory() const noexcept { return handle_.memory; }
  /// All of the memory's handle; serial 0 for a raw cl_mem.
  const detail::BufferHandle& handle() const noexcept { return handle_; }
  /// What the memory holds, if the type of what it was made from says.
  std::optional<DType> element() const noexcept { return element_; }
  /// Where the memory range starts, in bytes.
  std::size_t offset() const noexcept { return offset_; }
  /// The memory's context; null for a raw cl_mem.
  cl_context context() const noexcept { return handle_.context; }
  /// The Buffer, view or tensor that it was made from had been moved from.
  bool is_moved_from() const noexcept { return is_moved_from_; }
  /// The bytes that the kernel uses, from the buffer's start.
  std::size_t used_offset() const noexcept { return used_offset_; }
  std::size_t used_nbytes() const noexcept { return used_nbytes_; }
  /// Bytes of the whole buffer; 0 for a raw cl_mem.
  std::size_t memory_nbytes() const noexcept { return handle_.nbytes; }
  /// What the caller declared, if anything.
  std::optional<Access> access() const noexcept { return access_; }

 private:
  template <typename T>
  static constexpr ValueType value_type_of() {
    if constexpr (requires(const T& value) { std::size(value.s); }) {  // cl_float4 and its like
      return value_type_of<std::remove_cvref_t<decltype(std::declval<T&>().s[0])>>();
    } else {
      return std::is_floating_point_v<T> ? ValueType::floating
             : std::is_integral_v<T>     ? ValueType::integral
                                         : ValueType::other;
    }
  }

  Kind kind_;
  ValueType value_type_ = ValueType::other;
  bool is_moved_from_ = false;
  std::optional<DType> element_;
  const void* value_ = nullptr;
  detail::BufferHandle handle_{};
  std::size_t offset_ = 0;
  std::size_t nbytes_ = 0;
  std::size_t used_offset_ = 0;
  std::size_t used_nbytes_ = 0;
  std::optional<Access> access_;
};

}  // namespace dovetail
