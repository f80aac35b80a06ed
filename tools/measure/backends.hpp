// SPDX-License-Identifier: Apache-2.0
// What this build of the library offers.
#pragma once

#include <algorithm>

#include "dovetail/ops/matmul.hpp"

namespace dovetail::tool {

inline bool has_clblast() {
  return std::ranges::find(matmul_backends(), MatmulBackend::clblast) != matmul_backends().end();
}

inline constexpr const char* no_clblast = "this build has no CLBlast";

}  // namespace dovetail::tool
