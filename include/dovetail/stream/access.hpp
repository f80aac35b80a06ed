// SPDX-License-Identifier: Apache-2.0
// Whether work reads memory or writes it.
#pragma once

#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// What a piece of work does with memory.
enum class Access : unsigned char {
  read,
  write,       ///< Writes without a look at what was there.
  read_write,  ///< Also what an undeclared use counts as.
};

/// "read", "write" or "read_write".
DOVETAIL_EXPORT std::string_view to_string(Access access) noexcept;

}  // namespace dovetail
