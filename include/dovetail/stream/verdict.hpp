// SPDX-License-Identifier: Apache-2.0
// How the order of two pieces of work came about.
#pragma once

#include <cstddef>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// How a dependency of one piece of work on another was met.
enum class Verdict : unsigned char {
  same_queue,       ///< Both are on one in-order queue: nothing to do.
  already_ordered,  ///< An earlier wait between the two streams covers it: nothing to do.
  transitive,       ///< Waits by way of other streams cover it: nothing to do.
  completed,        ///< The earlier work is known to be done: nothing to do.
  waited,           ///< Nothing covered it: a wait was inserted.
  foreign,          ///< As `waited`; others enqueue on the earlier queue, so no clock can cover it.
};
inline constexpr std::size_t verdict_count = 6;

/// "same_queue", "already_ordered", ...
DOVETAIL_EXPORT std::string_view to_string(Verdict verdict) noexcept;

}  // namespace dovetail
