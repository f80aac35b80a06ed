// SPDX-License-Identifier: Apache-2.0
// Handles that were moved from: nothing stands behind them, and what needs more refuses them.
#pragma once

#include <string_view>

namespace dovetail::detail {

/// @param handle  What was moved from, such as "stream".
[[noreturn]] void throw_moved_from(std::string_view function, std::string_view handle);

/// @param held  The handle, or the pointer behind it: what has `get()`.
/// @throws InvalidArgument  `held` is empty: `function` was given a handle that was moved from.
template <typename Held>
void check_not_moved_from(std::string_view function, std::string_view handle, const Held& held) {
  if (held.get() == nullptr) [[unlikely]] {
    throw_moved_from(function, handle);
  }
}

}  // namespace dovetail::detail
