// SPDX-License-Identifier: Apache-2.0
// What every operation checks of its tensors, and how it passes them to its kernel.
#pragma once

#include <string_view>

#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail::detail {

/// @throws InvalidArgument  `tensor` was moved from, is not float32, or is of another context than
///                          the stream; the message names `function` and calls the tensor `name`.
void check_operand(std::string_view function, const Stream& stream, std::string_view name,
                   const Tensor& tensor);

/// @throws InvalidArgument  the shapes differ.
void check_same_shape(std::string_view function, std::string_view a_name, const Tensor& a,
                      std::string_view b_name, const Tensor& b);

/// @throws InvalidArgument  `out` shares memory with the operand and is not the operand itself, so
///                          that work-items would read what others write.
void check_not_partly_over(std::string_view function, const Tensor& out, std::string_view name,
                           const Tensor& operand);

/// Where the tensor's first element lies, in elements: what the kernels of kernels/ops take.
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
