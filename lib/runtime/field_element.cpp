// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/field_element.hpp"

namespace dovetail {

std::string to_string(ElementType type) {
  const std::string name(info(type.dtype).opencl_type);
  return type.width == 1 ? name : name + std::to_string(type.width);
}

}  // namespace dovetail
