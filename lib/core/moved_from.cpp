// SPDX-License-Identifier: Apache-2.0
#include "lib/core/moved_from.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {

void throw_moved_from(std::string_view function, std::string_view handle) {
  throw InvalidArgument(
      fmt::format("[{}] the {} was moved from; use the handle that it was moved to, or copy "
                  "instead of moving.",
                  function, handle));
}

}  // namespace dovetail::detail
