// SPDX-License-Identifier: Apache-2.0
// DLPack's description of types and layouts, and ours.
#pragma once

#include <dlpack/dlpack.h>

#include <cstdint>

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/shape.hpp"

namespace dovetail::detail {

DLDataType dlpack_type(DType dtype) noexcept;

/// @throws InvalidArgument  there is no such DType.
DType dtype_of_dlpack(DLDataType type);

/// The tensor's shape.
/// @throws InvalidArgument  a rank or a shape that Shape refuses, or strides other than row-major
///                          ones.
Shape shape_of_dlpack(const DLTensor& tensor);

}  // namespace dovetail::detail
