// SPDX-License-Identifier: Apache-2.0
// Element types: one table, from which all lists of them are made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "dovetail/core/float16.hpp"

namespace dovetail {

/// The arithmetic of an element type.
enum class DTypeClass : unsigned char { boolean, signed_integer, unsigned_integer, floating };

/// Lists the element types, a row for each: X(enumerator, name, C++ type, OpenCL C type in memory,
/// OpenCL C type to compute with, DTypeClass).
#define DOVETAIL_DTYPES(X)                                              \
  X(boolean, "bool", bool, "uchar", "uchar", boolean)                   \
  X(i8, "int8", std::int8_t, "char", "char", signed_integer)            \
  X(i16, "int16", std::int16_t, "short", "short", signed_integer)       \
  X(i32, "int32", std::int32_t, "int", "int", signed_integer)           \
  X(i64, "int64", std::int64_t, "long", "long", signed_integer)         \
  X(u8, "uint8", std::uint8_t, "uchar", "uchar", unsigned_integer)      \
  X(u16, "uint16", std::uint16_t, "ushort", "ushort", unsigned_integer) \
  X(u32, "uint32", std::uint32_t, "uint", "uint", unsigned_integer)     \
  X(u64, "uint64", std::uint64_t, "ulong", "ulong", unsigned_integer)   \
  X(f16, "float16", Float16, "half", "float", floating)                 \
  X(bf16, "bfloat16", BFloat16, "ushort", "float", floating)            \
  X(f32, "float32", float, "float", "float", floating)                  \
  X(f64, "float64", double, "double", "double", floating)

#define DOVETAIL_X(enumerator, ...) enumerator,
/// The element type of tensors, fields and kernel pointers.
enum class DType : unsigned char { DOVETAIL_DTYPES(DOVETAIL_X) };
#undef DOVETAIL_X

/// A row of the table of element types.
struct DTypeInfo {
  DType dtype;
  std::string_view name;          ///< Such as "float32", "int8", "bfloat16" or "bool".
  std::string_view short_name;    ///< The enumerator, such as "f32".
  std::string_view opencl_type;   ///< OpenCL C's type in memory: "ushort" for bfloat16.
  std::string_view compute_type;  ///< OpenCL C's type to compute with: "float" for bfloat16.
  DTypeClass type_class;
  std::size_t nbytes;  ///< Of one element.
};

/// The rows in the order of the enumerators.
inline constexpr std::array dtype_table{
#define DOVETAIL_X(enumerator, name, type, opencl, compute, type_class)        \
  DTypeInfo{DType::enumerator,      name,        #enumerator, opencl, compute, \
            DTypeClass::type_class, sizeof(type)},
    DOVETAIL_DTYPES(DOVETAIL_X)
#undef DOVETAIL_X
};

/// Returns the table's row for `dtype`.
constexpr const DTypeInfo& info(DType dtype) noexcept {
  return dtype_table[static_cast<std::size_t>(dtype)];
}

/// Returns the bytes of one element.
constexpr std::size_t size_of(DType dtype) noexcept { return info(dtype).nbytes; }

/// Returns the name, such as "float32", "int8", "bfloat16" or "bool".
constexpr std::string_view to_string(DType dtype) noexcept { return info(dtype).name; }

/// Returns the element type with this name or short name, such as "float32" or "f32".
constexpr std::optional<DType> dtype_named(std::string_view name) noexcept {
  for (const DTypeInfo& row : dtype_table) {
    if (row.name == name || row.short_name == name) return row.dtype;
  }
  return std::nullopt;
}

namespace detail {
template <typename T>
struct DTypeOf;
#define DOVETAIL_X(enumerator, name, type, ...) \
  template <>                                   \
  struct DTypeOf<type> : std::integral_constant<DType, DType::enumerator> {};
DOVETAIL_DTYPES(DOVETAIL_X)
#undef DOVETAIL_X
}  // namespace detail

/// The element type of the C++ type `T`.
template <typename T>
inline constexpr DType dtype_of = detail::DTypeOf<T>::value;

/// Calls `function` with a `std::type_identity` of the C++ type of `dtype`, and returns its result.
template <typename Function>
constexpr decltype(auto) with_type_of(DType dtype, Function&& function) {
  switch (dtype) {
#define DOVETAIL_X(enumerator, name, type, ...) \
  case DType::enumerator:                       \
    return function(std::type_identity<type>{});
    DOVETAIL_DTYPES(DOVETAIL_X)
#undef DOVETAIL_X
  }
  __builtin_unreachable();
}

}  // namespace dovetail
