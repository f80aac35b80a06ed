// SPDX-License-Identifier: Apache-2.0
// The element types of fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"

namespace dovetail {

/// An OpenCL C scalar, or a vector of `width` scalars.
struct ElementType {
  DType dtype;
  unsigned width;  ///< 1, 2, 4, 8 or 16.
  std::size_t nbytes;

  friend bool operator==(const ElementType&, const ElementType&) = default;
};

/// Returns the name in OpenCL C, such as "float" or "uint4".
DOVETAIL_EXPORT std::string to_string(ElementType type);

namespace detail {

/// The element types that OpenCL has vectors of and C++ has arithmetic for.
template <typename T>
concept ElementScalar = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && requires {
  DTypeOf<T>::value;
};

template <typename T>
struct ElementOf;
template <ElementScalar T>
struct ElementOf<T> {
  using Scalar = T;
  static constexpr unsigned width = 1;
};
// cl_float4 and its kin: unions with an array `s` of the components.
template <typename T>
requires(std::is_union_v<T>&& requires { T::s; }) struct ElementOf<T> {
  using Scalar = std::remove_cv_t<std::remove_extent_t<decltype(T::s)>>;
  static constexpr unsigned width = std::extent_v<decltype(T::s)>;
};

constexpr bool is_vector_width(unsigned width) {
  return width == 2 || width == 4 || width == 8 || width == 16;
}

}  // namespace detail

/// The elements that a field may hold: float, double, std::int8_t to std::int64_t, std::uint8_t to
/// std::uint64_t, and OpenCL's vectors of 2, 4, 8 and 16 of these, such as cl_float4.
template <typename T>
concept FieldElement = detail::ElementScalar<T> || requires {
  requires detail::ElementScalar<typename detail::ElementOf<T>::Scalar>;
  requires detail::is_vector_width(detail::ElementOf<T>::width);
  requires sizeof(T) == detail::ElementOf<T>::width * sizeof(typename detail::ElementOf<T>::Scalar);
};

/// The C++ type of the components of `T`: float for float and cl_float4.
template <FieldElement T>
using ScalarOf = typename detail::ElementOf<T>::Scalar;

/// The description of `T` at run time.
template <FieldElement T>
inline constexpr ElementType element_type_of{dtype_of<ScalarOf<T>>, detail::ElementOf<T>::width,
                                             sizeof(T)};

}  // namespace dovetail
