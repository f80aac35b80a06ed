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
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// A contiguous, row-major array in device memory: a copyable handle, whose copies share the data.
///
/// A tensor belongs to a context, not to a stream: whichever stream computes it, and whichever
/// reads it, the reader comes after the writer. Handles may be copied and destroyed by any thread;
/// the memory comes from the context's MemoryPool and goes back to it.
///
/// A handle that was moved from keeps its shape and dtype, and holds no memory: what needs that
/// throws InvalidArgument.
class DOVETAIL_EXPORT Tensor {
 public:
  /// Uninitialised, on the stream's context.
  /// @throws OutOfMemory  the device has not that much.
  static Tensor empty(const Stream& stream, const Shape& shape, DType dtype = DType::f32);

  /// Every element is `value`, converted to the dtype and written in stream order.
  ///
  /// Integers lose the fraction and saturate: 300 as uint8 is 255, NaN is 0. Floats round to
  /// nearest even, and to infinity beyond their range. A bool is whether the value is not 0.
  /// @throws OutOfMemory  the device has not that much.
  /// @throws CommandError  the stream has failed.
  /// @throws InvalidArgument  the stream was moved from.
  static Tensor full(const Stream& stream, const Shape& shape, double value,
                     DType dtype = DType::f32);
  static Tensor zeros(const Stream& stream, const Shape& shape, DType dtype = DType::f32) {
    return full(stream, shape, 0.0, dtype);
  }

  /// A copy of `values`, which may go as soon as this returns. Waits for no queue.
  /// @throws InvalidArgument  the number of values is not the shape's.
  template <typename T>
  static Tensor from_host(const Context& context, std::span<const T> values, const Shape& shape) {
    return from_host_bytes(context, values.data(), values.size(), shape, dtype_of<T>);
  }
  /// A copy of `values`, which std::vector packs into bits and a tensor holds in bytes.
  /// @throws InvalidArgument  the number of values is not the shape's.
  template <std::same_as<bool> T>
  static Tensor from_host(const Context& context, const std::vector<T>& values,
                          const Shape& shape) {
    const std::vector<unsigned char> bytes(values.begin(), values.end());
    return from_host_bytes(context, bytes.data(), bytes.size(), shape, DType::boolean);
  }

  /// A tensor over memory that exists already, such as a part of another library's buffer.
  /// @param offset  Where the first element lies, in bytes; a multiple of the element's size.
  /// @throws InvalidArgument  the shape does not fit behind the offset.
  static Tensor from_buffer(const Buffer& buffer, const Shape& shape, DType dtype = DType::f32,
                            std::size_t offset = 0);

  /// The elements, in row-major order; of a bool tensor whether their bytes are not 0. Blocks until
  /// the stream has reached this point.
  /// @throws InvalidArgument  `T` is not the tensor's dtype, the stream is of another context,
  ///                          or one of the two was moved from.
  /// @throws CommandError  the read, or work before it, failed.
  template <typename T>
  std::vector<T> to_host(const Stream& stream) const {
    using Stored = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;
    std::vector<Stored> values(static_cast<std::size_t>(size()));
    copy_to_host_bytes(stream, values.data(), dtype_of<T>);
    if constexpr (std::is_same_v<T, Stored>) {
      return values;
    } else {
      return std::vector<T>(values.begin(), values.end());
    }
  }

  /// The same data under another shape.
  /// @throws InvalidArgument  the number of elements differs, or the handle was moved from.
  Tensor reshape(const Shape& shape) const;

  const Shape& shape() const noexcept { return shape_; }
  DType dtype() const noexcept { return dtype_; }
  /// What a kernel that takes it must point to.
  std::size_t rank() const noexcept { return shape_.rank(); }
  /// Number of elements.
  std::int64_t size() const noexcept { return shape_.size(); }
  std::size_t nbytes() const noexcept { return storage_.nbytes; }
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const { return storage_.buffer.context(); }

  /// Where the data lies: buffer and offset in bytes, always together. Any kernel takes it,
  /// whatever its parameter points to.
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
