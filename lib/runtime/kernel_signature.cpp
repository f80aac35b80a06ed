// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/kernel_signature.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace dovetail {

std::size_t size_of_opencl_type(std::string_view type) noexcept {
  constexpr std::array<std::pair<std::string_view, std::size_t>, 11> scalars{{
      {"uchar", 1},
      {"char", 1},
      {"ushort", 2},
      {"short", 2},
      {"uint", 4},
      {"int", 4},
      {"ulong", 8},
      {"long", 8},
      {"float", 4},
      {"double", 8},
      {"half", 2},
  }};
  for (const auto& [name, nbytes] : scalars) {
    if (!type.starts_with(name)) continue;
    const std::string_view width_text = type.substr(name.size());
    if (width_text.empty()) return nbytes;
    std::size_t width = 0;
    const char* const end = width_text.data() + width_text.size();
    const auto [stop, failure] = std::from_chars(width_text.data(), end, width);
    if (failure != std::errc{} || stop != end) return 0;
    if (width == 3) width = 4;  // a vector of 3 takes the room of 4
    return width == 2 || width == 4 || width == 8 || width == 16 ? nbytes * width : 0;
  }
  return 0;
}

}  // namespace dovetail
