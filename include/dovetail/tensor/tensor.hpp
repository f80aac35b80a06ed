// SPDX-License-Identifier: Apache-2.0
// Tensors: n-dimensional arrays in device memory.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/core/shape.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// A contiguous, row-major array in device memory: a copyable handle, whose copies share the data.
///
/// A tensor belongs to a context and to no stream: readers run after writers, on all streams. Any
/// thread may copy and destroy handles. `empty` and `full` take memory from the context's
/// MemoryPool, which gets it back.
///
/// After a move, the handle keeps its shape and dtype and holds no memory; every function that
/// needs memory throws InvalidArgument.
class DOVETAIL_EXPORT Tensor {
 public:
  /// Allocates an uninitialised tensor in the stream's context, by default that of the thread's
  /// current stream.
  /// @throws OutOfMemory  the device has too little memory.
  /// @{
  [[nodiscard]] static Tensor empty(const Stream& stream, const Shape& shape,
                                    DType dtype = DType::f32);
  [[nodiscard]] static Tensor empty(const Shape& shape, DType dtype = DType::f32) {
    return empty(current_stream(), shape, dtype);
  }
  /// @}

  /// Makes a tensor whose elements are `value`, converted to the dtype and written in stream order.
  ///
  /// Integers lose the fraction and saturate: 300 as uint8 is 255, NaN is 0. Floats round to
  /// nearest even, and to infinity beyond their range. A bool is true unless the value is 0.
  /// @throws OutOfMemory      the device has too little memory.
  /// @throws CommandError     the stream has failed.
  /// @throws InvalidArgument  the stream was moved from.
  /// @{
  [[nodiscard]] static Tensor full(const Stream& stream, const Shape& shape, double value,
                                   DType dtype = DType::f32);
  [[nodiscard]] static Tensor full(const Shape& shape, double value, DType dtype = DType::f32) {
    return full(current_stream(), shape, value, dtype);
  }
  /// @}
  /// Makes a tensor of zeros, in stream order.
  /// @{
  [[nodiscard]] static Tensor zeros(const Stream& stream, const Shape& shape,
                                    DType dtype = DType::f32) {
    return full(stream, shape, 0.0, dtype);
  }
  [[nodiscard]] static Tensor zeros(const Shape& shape, DType dtype = DType::f32) {
    return full(shape, 0.0, dtype);
  }
  /// @}

  /// Makes a tensor with a copy of `values`. The copy is complete on return and waits for no queue.
  /// @throws InvalidArgument  the number of values is not the shape's.
  template <typename T>
  [[nodiscard]] static Tensor from_host(const Context& context, std::span<const T> values,
                                        const Shape& shape) {
    return from_host_bytes(context, values.data(), values.size(), shape, dtype_of<T>);
  }
  /// Makes a tensor with a copy of `values`; a bool takes a byte, not a bit as in std::vector.
  /// @throws InvalidArgument  the number of values is not the shape's.
  template <std::same_as<bool> T>
  [[nodiscard]] static Tensor from_host(const Context& context, const std::vector<T>& values,
                                        const Shape& shape) {
    const std::vector<unsigned char> bytes(values.begin(), values.end());
    return from_host_bytes(context, bytes.data(), bytes.size(), shape, DType::boolean);
  }

  /// Makes a tensor over existing memory, such as a part of another library's buffer.
  /// @param offset  Of the first element, in bytes; a multiple of the element's size.
  /// @throws InvalidArgument  the shape exceeds the buffer, or the offset is not such a multiple.
  [[nodiscard]] static Tensor from_buffer(const Buffer& buffer, const Shape& shape,
                                          DType dtype = DType::f32, std::size_t offset = 0);

  /// Returns the elements in row-major order; those of a bool tensor are true unless their byte is
  /// 0. Blocks until the stream has reached this point.
  /// @throws InvalidArgument  `T` is not the tensor's dtype, the stream belongs to another context,
  ///                          or one of the two was moved from.
  /// @throws CommandError     the read, or work before it, failed.
  /// @{
  template <typename T>
  [[nodiscard]] std::vector<T> to_host(const Stream& stream) const {
    using Stored = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;
    std::vector<Stored> values(static_cast<std::size_t>(size()));
    copy_to_host_bytes(stream, values.data(), dtype_of<T>);
    if constexpr (std::is_same_v<T, Stored>) {
      return values;
    } else {
      return std::vector<T>(values.begin(), values.end());
    }
  }
  template <typename T>
  [[nodiscard]] std::vector<T> to_host() const {
    return to_host<T>(current_stream());
  }
  /// @}

  /// Returns a tensor that shares the data in another shape.
  /// @throws InvalidArgument  the number of elements differs, or the handle was moved from.
  [[nodiscard]] Tensor reshape(const Shape& shape) const;

  const Shape& shape() const noexcept { return shape_; }  ///< Returns the sizes.
  /// Returns the element type, which a kernel's parameter must point to.
  DType dtype() const noexcept { return dtype_; }
  /// Returns the number of dimensions.
  std::size_t rank() const noexcept { return shape_.rank(); }
  std::int64_t size() const noexcept { return shape_.size(); }  ///< Returns the number of elements.
  std::size_t nbytes() const noexcept { return storage_.nbytes; }  ///< Returns the size in bytes.
  /// Returns the context.
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const { return storage_.buffer.context(); }

  /// Returns the range of memory that holds the data. As a kernel's argument it has no type: the
  /// parameter may point to anything.
  const BufferView& storage() const noexcept { return storage_; }

 private:
  Tensor(BufferView storage, const Shape& shape, DType dtype);
  /// @param function  For messages.
  static Tensor allocate(const char* function, const Stream& stream, const Shape& shape,
                         DType dtype);
  static Tensor from_host_bytes(const Context& context, const void* values, std::size_t count,
                                const Shape& shape, DType dtype);
  void copy_to_host_bytes(const Stream& stream, void* values, DType dtype) const;

  BufferView storage_;
  Shape shape_;
  DType dtype_;
};

}  // namespace dovetail
