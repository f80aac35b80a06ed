// SPDX-License-Identifier: Apache-2.0
// Fields: the kernel runtime's n-dimensional data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/core/shape.hpp"
#include "dovetail/runtime/field_element.hpp"
#include "dovetail/runtime/runtime.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {

/// Everything of a field but its element's C++ type.
class DOVETAIL_EXPORT FieldData {
 public:
  static constexpr std::size_t max_rank = 4;

  FieldData(const Runtime& runtime, const Shape& shape, ElementType element);
  FieldData(Stream stream, BufferView memory, const Shape& shape, ElementType element);

  void fill(const void* value) const;
  void from_host(const void* values, std::size_t count) const;
  void to_host(void* values) const;

  /// @param function  For the text, such as "Field::fill".
  /// @throws InvalidArgument  the handle was moved from.
  void check_not_moved_from(std::string_view function) const;

  const Stream& stream() const noexcept { return stream_; }
  const BufferView& memory() const noexcept { return memory_; }
  const Shape& shape() const noexcept { return shape_; }
  ElementType element() const noexcept { return element_; }

 private:
  Stream stream_;
  BufferView memory_;
  Shape shape_;
  ElementType element_;
};

}  // namespace detail

/// A copyable handle to a contiguous, row-major array of 1 to 4 dimensions in device memory.
///
/// A field lives on its runtime's stream. It keeps stream and memory alive and may outlive the
/// runtime. Kernels on any stream of the context take it as an argument; readers run after writers.
/// The memory comes from the context's MemoryPool. After a move, the handle holds no memory, and
/// every function that needs it throws InvalidArgument. Only kernels that compute with double need
/// fp64 on the device. Thread-safe.
template <FieldElement T>
class Field {
 public:
  /// Allocates uninitialised memory on the runtime's stream.
  /// @throws OutOfMemory      the device has too little memory.
  /// @throws InvalidArgument  no dimension or more than 4, or more bytes than 64 bits count.
  Field(const Runtime& runtime, const Shape& shape) : data_(runtime, shape, element_type_of<T>) {}

  /// Writes `value` to every element, in stream order.
  void fill(const T& value) const { data_.fill(&value); }

  /// Writes the elements in row-major order, after earlier work on the field. Copies `values`
  /// before it returns, and does not wait for the stream.
  /// @throws InvalidArgument  the number of values is not `size()`.
  void from_host(std::span<const T> values) const { data_.from_host(values.data(), values.size()); }

  /// Returns the elements in row-major order. Blocks once, until the stream has reached this point.
  /// @throws CommandError  work that they depend on failed.
  std::vector<T> to_host() const {
    std::vector<T> values(static_cast<std::size_t>(size()));
    data_.to_host(values.data());
    return values;
  }

  const Shape& shape() const noexcept { return data_.shape(); }  ///< Returns the sizes.
  /// Returns the number of elements; a vector counts once.
  std::int64_t size() const noexcept { return shape().size(); }
  std::size_t nbytes() const noexcept { return storage().nbytes; }  ///< Returns the size in bytes.
  const Stream& stream() const noexcept { return data_.stream(); }  ///< Returns the field's stream.
  /// Returns the context.
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const { return storage().buffer.context(); }

  /// Returns the type that a kernel's parameter must point to.
  static constexpr DType dtype() noexcept { return element_type_of<T>.dtype; }

  /// Returns the range of memory that holds the data. As a kernel's argument it has no type: the
  /// parameter may point to anything.
  const BufferView& storage() const noexcept { return data_.memory(); }

  /// Makes a field of existing data, for dovetail/interop/field_tensor.hpp.
  explicit Field(detail::FieldData data) : data_(std::move(data)) {}
  /// Returns the data without its C++ type.
  const detail::FieldData& data() const noexcept { return data_; }

 private:
  detail::FieldData data_;
};

}  // namespace dovetail
