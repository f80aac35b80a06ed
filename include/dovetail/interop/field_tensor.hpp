// SPDX-License-Identifier: Apache-2.0
// Fields as tensors and tensors as fields: Field::to_tensor and Field::from_tensor.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/runtime/field.hpp"
#include "dovetail/tensor/dtype.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

namespace detail {
DOVETAIL_EXPORT Tensor tensor_from_field(const FieldData& field, DType dtype, Copy copy);
DOVETAIL_EXPORT FieldData field_from_tensor(const Runtime& runtime, const Tensor& tensor,
                                            ElementType element, DType dtype, Copy copy);
}  // namespace detail

template <FieldElement T>
Tensor Field<T>::to_tensor(Copy copy) const requires TensorElement<T> {
  return detail::tensor_from_field(data_, dtype_of<ScalarOf<T>>, copy);
}

template <FieldElement T>
Field<T> Field<T>::from_tensor(const Runtime& runtime, const Tensor& tensor,
                               Copy copy) requires TensorElement<T> {
  return Field(
      detail::field_from_tensor(runtime, tensor, element_type_of<T>, dtype_of<ScalarOf<T>>, copy));
}

}  // namespace dovetail
