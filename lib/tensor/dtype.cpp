// SPDX-License-Identifier: Apache-2.0
#include "dovetail/tensor/dtype.hpp"

#include <array>

namespace dovetail {

std::size_t size_of(DType dtype) noexcept {
  constexpr std::array<std::size_t, 9> nbytes{4, 8, 2, 2, 8, 4, 1, 1, 1};
  return nbytes[static_cast<std::size_t>(dtype)];
}
std::string_view to_string(DType dtype) noexcept { return to_string(scalar_kind(dtype)); }

}  // namespace dovetail
