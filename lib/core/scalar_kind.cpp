// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/scalar_kind.hpp"

#include <array>
#include <cstddef>

namespace dovetail {
namespace {

struct Names {
  std::string_view name;
  std::string_view opencl_type;
};

constexpr std::array<Names, 13> all_names{{{"float32", "float"},
                                           {"float64", "double"},
                                           {"int8", "char"},
                                           {"uint8", "uchar"},
                                           {"int16", "short"},
                                           {"uint16", "ushort"},
                                           {"int32", "int"},
                                           {"uint32", "uint"},
                                           {"int64", "long"},
                                           {"uint64", "ulong"},
                                           {"float16", "half"},
                                           {"bfloat16", "ushort"},
                                           {"bool", "uchar"}}};

const Names& names(ScalarKind kind) noexcept { return all_names[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view to_string(ScalarKind kind) noexcept { return names(kind).name; }
std::string_view opencl_type(ScalarKind kind) noexcept { return names(kind).opencl_type; }

}  // namespace dovetail
