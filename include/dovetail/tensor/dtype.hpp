// SPDX-License-Identifier: Apache-2.0
// Element types of tensors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dovetail/core/export.hpp"
#include "dovetail/core/scalar_kind.hpp"
#include "dovetail/tensor/float16.hpp"

namespace dovetail {

enum class DType : unsigned char { f32, f64, f16, bf16, i64, i32, i8, u8, boolean };

constexpr ScalarKind scalar_kind(DType dtype) noexcept {
  using enum ScalarKind;
  constexpr std::array kinds{f32, f64, f16, bf16, i64, i32, i8, u8, boolean};
  return kinds[static_cast<std::size_t>(dtype)];
}

/// Bytes of one element.
DOVETAIL_EXPORT std::size_t size_of(DType dtype) noexcept;

/// "float32", "float64", "float16", "bfloat16", "int64", "int32", "int8", "uint8" or "bool".
DOVETAIL_EXPORT std::string_view to_string(DType dtype) noexcept;

namespace detail {
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::i8;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
template <>
struct DTypeOf<Float16> {
  static constexpr DType value = DType::f16;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::bf16;
};
}  // namespace detail

/// The element type that holds the C++ type `T`.
template <typename T>
inline constexpr DType dtype_of = detail::DTypeOf<T>::value;

}  // namespace dovetail
