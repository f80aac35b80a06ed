// SPDX-License-Identifier: Apache-2.0
// The element types that `dovetail matmul` multiplies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dovetail/core/dtype.hpp"

namespace dovetail::tool {

inline constexpr std::array matmul_dtypes{DType::f32, DType::f64, DType::f16, DType::bf16,
                                          DType::i8};

/// Returns the short names of the types above.
inline std::vector<std::string> names_of_matmul_dtypes() {
  std::vector<std::string> names;
  names.reserve(matmul_dtypes.size());
  for (const DType dtype : matmul_dtypes) names.emplace_back(info(dtype).short_name);
  return names;
}

/// Returns the type of a product's elements.
constexpr DType result_dtype(DType operands) {
  return operands == DType::i8 ? DType::i32 : operands;
}

/// Calls `function` with a value of the C++ type of the operands.
template <typename Function>
decltype(auto) with_operand_type(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::f64:
      return function(double{});
    case DType::f16:
      return function(Float16{});
    case DType::bf16:
      return function(BFloat16{});
    case DType::i8:
      return function(std::int8_t{});
    default:
      return function(float{});
  }
}

/// Calls `function` with a value of the C++ type of a product's elements.
template <typename Function>
decltype(auto) with_result_type(DType operands, const Function& function) {
  if (operands == DType::i8) return function(std::int32_t{});
  return with_operand_type(operands, function);
}

/// Converts an element, Float16 and BFloat16 by way of float.
template <typename T>
double to_double(T value) {
  if constexpr (sizeof(T) == 2) {
    return static_cast<float>(value);
  } else {
    return static_cast<double>(value);
  }
}

}  // namespace dovetail::tool
