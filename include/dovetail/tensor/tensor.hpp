// SPDX-License-Identifier: Apache-2.0
// Tensors: n-dimensional arrays in device memory.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/core/layout.hpp"
#include "dovetail/core/shape.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// An n-dimensional array in device memory: a copyable handle, whose copies share the data.
///
/// A new tensor is contiguous: row-major without gaps. Views of it, such as a slice or a transpose,
/// share its memory by another Layout; making one costs no OpenCL call.
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
  /// Makes a tensor of any layout over existing memory.
  /// @param offset  Where the layout's storage begins in the buffer, in bytes; a multiple of the
  ///                element's size.
  /// @throws InvalidArgument  the layout reaches beyond the buffer, or the offset is not such a
  ///                          multiple.
  [[nodiscard]] static Tensor from_buffer(const Buffer& buffer, const Layout& layout,
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

  /// Returns the elements, in row-major order, in another shape; shares the data.
  /// @throws InvalidArgument  the number of elements differs, strides cannot express it, so that
  ///                          `reshape` has to copy, or the handle was moved from.
  [[nodiscard]] Tensor view(const Shape& shape) const;

  /// Returns every `step`-th index of dimension `axis` from `start` to before `stop`, by Python's
  /// rules for slices; see Layout::slice.
  /// @throws InvalidArgument  there is no such axis, `step` is 0, or the handle was moved from.
  [[nodiscard]] Tensor slice(int axis, std::optional<std::int64_t> start,
                             std::optional<std::int64_t> stop = std::nullopt,
                             std::int64_t step = 1) const;
  /// Returns index `index` of dimension `axis`, without that dimension; both may count from the
  /// end.
  /// @throws InvalidArgument  there is no such axis or index, or the handle was moved from.
  [[nodiscard]] Tensor select(int axis, std::int64_t index) const;
  /// Returns the tensor with dimension `axis` reversed.
  /// @throws InvalidArgument  there is no such axis, or the handle was moved from.
  [[nodiscard]] Tensor flip(int axis) const;
  /// Returns the tensor with its dimensions in another order: dimension i is dimension `axes[i]`.
  /// @throws InvalidArgument  `axes` does not name each dimension once, or the handle was moved
  ///                          from.
  /// @{
  [[nodiscard]] Tensor permute(std::span<const int> axes) const;
  [[nodiscard]] Tensor permute(std::initializer_list<int> axes) const {
    return permute(std::span(axes.begin(), axes.size()));
  }
  /// @}
  /// Returns the tensor with its last two dimensions exchanged.
  /// @throws InvalidArgument  it has fewer than 2 dimensions, or the handle was moved from.
  [[nodiscard]] Tensor transpose() const;
  /// Returns the tensor in a larger shape: repeats dimensions of size 1 and adds dimensions in
  /// front, without copying.
  /// @throws InvalidArgument  a size other than 1 would change, the rank would shrink, or the
  ///                          handle was moved from.
  [[nodiscard]] Tensor broadcast_to(const Shape& shape) const;
  /// Returns the tensor with a new dimension of size 1 before `axis`; at the end for `rank()` or
  /// -1.
  /// @throws InvalidArgument  there is no such place, it has 8 dimensions already, or the handle
  ///                          was moved from.
  [[nodiscard]] Tensor expand_dims(int axis) const;
  /// Returns the tensor without dimension `axis`.
  /// @throws InvalidArgument  there is no such axis, its size is not 1, or the handle was moved
  ///                          from.
  [[nodiscard]] Tensor squeeze(int axis) const;

  const Shape& shape() const noexcept { return layout_.shape(); }  ///< Returns the sizes.
  /// Returns where the elements lie within `storage()`: shape, strides and offset in elements.
  const Layout& layout() const noexcept { return layout_; }
  /// Returns whether the elements follow each other in row-major order without gaps.
  bool is_contiguous() const noexcept { return layout_.is_contiguous(); }
  /// Returns the element type, which a kernel's parameter must point to.
  DType dtype() const noexcept { return dtype_; }
  /// Returns the number of dimensions.
  std::size_t rank() const noexcept { return layout_.rank(); }
  /// Returns the number of elements.
  std::int64_t size() const noexcept { return layout_.size(); }
  /// Returns the bytes of that many elements; a view may reach over more memory, or less.
  std::size_t nbytes() const noexcept { return static_cast<std::size_t>(size()) * size_of(dtype_); }
  /// Returns the context.
  /// @throws InvalidArgument  the handle was moved from.
  const Context& context() const { return storage_.buffer.context(); }

  /// Returns the range of memory from the first byte that an element has to the last. As a kernel's
  /// argument it has no type: the parameter may point to anything.
  const BufferView& storage() const noexcept { return storage_; }

 private:
  Tensor(BufferView storage, const Layout& layout, DType dtype);
  /// @param layout  Within `storage_`.
  Tensor viewed(const Layout& layout) const;
  /// Returns the layout. @throws InvalidArgument  the handle was moved from.
  const Layout& held(const char* function) const;
  /// @param function  For messages.
  static Tensor allocate(const char* function, const Stream& stream, const Shape& shape,
                         DType dtype);
  static Tensor from_host_bytes(const Context& context, const void* values, std::size_t count,
                                const Shape& shape, DType dtype);
  void copy_to_host_bytes(const Stream& stream, void* values, DType dtype) const;

  BufferView storage_;
  Layout layout_;
  DType dtype_;
};

}  // namespace dovetail
