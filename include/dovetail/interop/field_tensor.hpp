// SPDX-License-Identifier: Apache-2.0
// Fields as tensors, and tensors as fields.
#pragma once

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/runtime/field.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// Whether a hand-over copies the data or shares it.
enum class Copy : bool { no, yes };

namespace detail {
DOVETAIL_EXPORT Tensor tensor_from_field(const FieldData& field, Copy copy);
DOVETAIL_EXPORT FieldData field_from_tensor(const Runtime& runtime, const Tensor& tensor,
                                            ElementType element, Copy copy);
}  // namespace detail

namespace interop {

/// Returns the data as a tensor of the field's shape; vectors become one more innermost dimension:
/// a Field<cl_float4> of [n] is a float32 tensor of [n, 4].
///
/// `Copy::no` shares the memory and makes no OpenCL call, on any queues: the memory's own record of
/// its uses orders later work. `Copy::yes` copies on the device, in the order of the field's
/// stream, and does not block. Thread-safe.
/// @throws InvalidArgument  the field was moved from.
template <FieldElement T>
[[nodiscard]] Tensor to_tensor(const Field<T>& field, Copy copy) {
  return detail::tensor_from_field(field.data(), copy);
}

/// Returns the tensor's data as a field on the stream of `runtime`, where `Copy::yes` copies; the
/// reverse of `to_tensor`. Thread-safe.
/// @throws InvalidArgument  the tensor's dtype is not that of `T`, its innermost size is not the
///                          vector's width, it has not 1 to 4 other dimensions, its context is not
///                          the runtime's, an operand was moved from, or, with Copy::no, its offset
///                          is not a multiple of the element's size.
template <FieldElement T>
[[nodiscard]] Field<T> to_field(const Runtime& runtime, const Tensor& tensor, Copy copy) {
  return Field<T>(detail::field_from_tensor(runtime, tensor, element_type_of<T>, copy));
}

}  // namespace interop

}  // namespace dovetail
