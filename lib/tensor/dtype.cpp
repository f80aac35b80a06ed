// SPDX-License-Identifier: Apache-2.0
#include "dovetail/tensor/dtype.hpp"

#include <array>
#include <utility>

namespace dovetail {
namespace {

struct DTypeFacts {
  std::string_view name;
  std::size_t nbytes;
};

constexpr std::array<DTypeFacts, 9> facts{{{"float32", 4},
                                           {"float64", 8},
                                           {"float16", 2},
                                           {"bfloat16", 2},
                                           {"int64", 8},
                                           {"int32", 4},
                                           {"int8", 1},
                                           {"uint8", 1},
                                           {"bool", 1}}};

}  // namespace

std::size_t size_of(DType dtype) noexcept { return facts[static_cast<std::size_t>(dtype)].nbytes; }
std::string_view to_string(DType dtype) noexcept {
  return facts[static_cast<std::size_t>(dtype)].name;
}

}  // namespace dovetail
