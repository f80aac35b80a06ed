// SPDX-License-Identifier: Apache-2.0
// What every operation checks of its tensors, and how it passes them to its kernel.
#pragma once

#include <string_view>

#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail::detail {

/// @throws InvalidArgument  `tensor` was moved from, or is of another context than the stream; the
///                          message names `function` and calls the tensor `name`.
void check_place(std::string_view function, const Stream& stream, std::string_view name,
                 const Tensor& tensor);

/// @throws InvalidArgument  as check_place(), or `tensor` is not float32.
void check_operand(std::string_view function, const Stream& stream, std::string_view name,
                   const Tensor& tensor);

/// @throws InvalidArgument  `out` is not of that shape, or two of its elements may be one.
void check_out(std::string_view function, const Tensor& out, const Shape& shape);

/// Returns whether `out` shares memory with the operand and is not the operand itself, so that
/// work-items would read what others write.
bool is_partly_over(const Tensor& out, const Tensor& operand);

/// Where the elements lie from the buffer's start, as kernels take them that know of strides.
inline Layout in_buffer(const Tensor& tensor) {
  const auto start = static_cast<std::int64_t>(tensor.storage().offset / size_of(tensor.dtype()));
  const Layout& layout = tensor.layout();
  return {layout.shape(), layout.strides(), start + layout.offset()};
}

/// Where a contiguous tensor's first element lies, in elements.
inline cl_ulong element_offset(const Tensor& tensor) {
  return tensor.storage().offset / size_of(tensor.dtype());
}

/// A tensor as an argument of such a kernel; refers to the tensor.
inline KernelArgument reading(const Tensor& tensor) {
  return KernelArgument::whole(tensor.storage(), Access::read);
}
inline KernelArgument writing(const Tensor& tensor) {
  return KernelArgument::whole(tensor.storage(), Access::write);
}

}  // namespace dovetail::detail
