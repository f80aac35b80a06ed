// SPDX-License-Identifier: Apache-2.0
// Reading and writing of memory.
#pragma once

#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// How a piece of work uses memory.
enum class Access : unsigned char {
  read,
  write,       ///< Writes without reading.
  read_write,  ///< The default for an undeclared use.
};

/// Returns "read", "write" or "read_write".
DOVETAIL_EXPORT std::string_view to_string(Access access) noexcept;

}  // namespace dovetail
