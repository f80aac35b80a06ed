// SPDX-License-Identifier: Apache-2.0
// How kernels call the element types.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

#include "dovetail/core/dtype.hpp"

namespace dovetail::detail {

/// Returns the macro of kernels/common/element.h for a type, such as "BF16".
inline std::string element_macro(DType dtype) {
  std::string name(info(dtype).short_name);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

}  // namespace dovetail::detail
