// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/field_element.hpp"

#include <array>

namespace dovetail {

std::string to_string(ElementType type) {
  static constexpr std::array<const char*, 10> names = {
      "float", "double", "char", "uchar", "short", "ushort", "int", "uint", "long", "ulong"};
  const std::string name = names.at(static_cast<std::size_t>(type.scalar));
  return type.width == 1 ? name : name + std::to_string(type.width);
}

}  // namespace dovetail
