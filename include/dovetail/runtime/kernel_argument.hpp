// SPDX-License-Identifier: Apache-2.0
// The arguments of a launch.
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

/// A use of a range that the kernel locates itself: the launch passes the buffer from its start,
/// and the kernel takes the offset as another argument. Only the range counts as used.
struct WholeBuffer {
  MemoryUse use;
};
/// Passes a buffer from its start, of which the kernel uses a range.
inline WholeBuffer whole_buffer(MemoryUse use) { return {std::move(use)}; }

/// An argument of a launch, made implicitly from a scalar, an OpenCL vector (cl_float4, ...), a
/// struct, a cl_mem, a Buffer, a BufferView, anything with `storage()` (a tensor), or LocalMemory.
/// Refers to its source, which must outlive the launch call.
///
/// nullptr, a null cl_mem, an empty buffer and an empty view become a null pointer, which OpenCL
/// allows kernels to test for. A launch throws for a handle that was moved from.
///
/// A launch compares the elements of a tensor, a field, or a use of one with the type that the
/// kernel's parameter points to: see docs/errors.md. A Buffer and a BufferView, such as
/// `x.storage()`, are bytes, which fit any type. A launch refuses a view of a tensor that is not
/// contiguous: pass a copy, or `whole_buffer(reads(x))` with its strides and its place.
///
/// `reads(x)`, `writes(x)` and `updates(x)` declare how the kernel uses memory. Undeclared, a
/// pointer to const or to constant memory counts as read, any other as read and written.
class KernelArgument {
 public:
  /// What the argument is.
  enum class Kind { value, memory, local };
  /// What a value's elements are.
  enum class ValueType { floating, integral, other };

  /// @{
  /// Makes an argument of the value or the memory.
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
    is_contiguous_ = use.is_contiguous;
  }
  KernelArgument(const WholeBuffer& whole)  // NOLINT(google-explicit-constructor)
      : KernelArgument(KernelArgument::whole(whole.use.memory, whole.use.access)) {
    element_ = whole.use.element;
  }
  /// @}

  /// Makes the argument of `whole_buffer` without a copy of the handle.
  static KernelArgument whole(const BufferView& view, Access access) {
    KernelArgument argument(view.buffer);
    argument.used_offset_ = view.offset;
    argument.used_nbytes_ = view.nbytes;
    argument.access_ = access;
    return argument;
  }
  /// Makes an argument of the storage, with its element type.
  template <HasStorage T>
  KernelArgument(const T& value)  // NOLINT(google-explicit-constructor)
      : KernelArgument(static_cast<const BufferView&>(value.storage())) {
    element_ = detail::element_of(value);
    is_contiguous_ = detail::is_contiguous(value);
  }

  Kind kind() const noexcept { return kind_; }                   ///< Returns what the argument is.
  ValueType value_type() const noexcept { return value_type_; }  ///< Returns the type of elements.
  /// Returns the value's bytes; null for memory.
  const void* value() const noexcept { return value_; }
  /// Returns the bytes of the value, of the range of memory, or of local memory.
  std::size_t nbytes() const noexcept { return nbytes_; }
  cl_mem memory() const noexcept { return handle_.memory; }  ///< Returns the memory object.
  /// Returns the memory's handle; its serial is 0 for a raw cl_mem.
  const detail::BufferHandle& handle() const noexcept { return handle_; }
  /// Returns the memory's element type, if its source has one.
  std::optional<DType> element() const noexcept { return element_; }
  /// Returns the start of the memory range in bytes.
  std::size_t offset() const noexcept { return offset_; }
  /// Returns the memory's context; null for a raw cl_mem.
  cl_context context() const noexcept { return handle_.context; }
  /// Returns whether the memory's elements follow each other without gaps, as kernels expect.
  bool is_contiguous() const noexcept { return is_contiguous_; }
  /// Returns whether the source was moved from.
  bool is_moved_from() const noexcept { return is_moved_from_; }
  /// Returns the start of the bytes that the kernel uses, from the buffer's start.
  std::size_t used_offset() const noexcept { return used_offset_; }
  std::size_t used_nbytes() const noexcept { return used_nbytes_; }  ///< Returns their number.
  /// Returns the bytes of the whole buffer; 0 for a raw cl_mem.
  std::size_t memory_nbytes() const noexcept { return handle_.nbytes; }
  /// Returns the declared use, if any.
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
  bool is_contiguous_ = true;
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
