// SPDX-License-Identifier: Apache-2.0
// The decision about a dependency.
#pragma once

#include <cstddef>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// How Dovetail met the dependency of one piece of work on another.
enum class Verdict : unsigned char {
  same_queue,       ///< Both are on one in-order queue; no call.
  already_ordered,  ///< An earlier wait between the two streams covers it; no call.
  transitive,       ///< Waits through other streams cover it; no call.
  completed,        ///< The earlier work is known to be done; no call.
  waited,           ///< Nothing covered it: Dovetail inserted a wait.
  foreign,          ///< A wait as well: others enqueue on the earlier queue, so no clock covers it.
};
/// The number of verdicts.
inline constexpr std::size_t verdict_count = 6;

/// Returns the enumerator's name, such as "same_queue".
DOVETAIL_EXPORT std::string_view to_string(Verdict verdict) noexcept;

}  // namespace dovetail
