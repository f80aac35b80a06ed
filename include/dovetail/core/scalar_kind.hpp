// SPDX-License-Identifier: Apache-2.0
// Kinds of scalars: what tensors and fields hold, and kernels point to.
#pragma once

#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// A scalar's bits and what they mean; for tensors, fields and what kernels point to.
enum class ScalarKind : unsigned char {
  f32,
  f64,
  i8,
  u8,
  i16,
  u16,
  i32,
  u32,
  i64,
  u64,
  f16,
  bf16,
  boolean
};

/// "float32", "int8", "uint8", "bfloat16", "bool" and their like.
DOVETAIL_EXPORT std::string_view to_string(ScalarKind kind) noexcept;

/// The type by which OpenCL C reads it from memory, such as "float" or "half": "ushort" for the
/// bits of a bfloat16, "uchar" for a bool.
DOVETAIL_EXPORT std::string_view opencl_type(ScalarKind kind) noexcept;

}  // namespace dovetail
