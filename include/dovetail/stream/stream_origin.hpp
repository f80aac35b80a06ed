// SPDX-License-Identifier: Apache-2.0
// The owner of a stream's queue.
#pragma once

#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// Who keeps a stream's queue alive.
enum class StreamOrigin {
  owned,     ///< Dovetail made the queue.
  retained,  ///< Another party made the queue; Dovetail holds a reference.
  /// Another party made it and keeps it alive for as long as a handle to the stream exists.
  borrowed,
};

/// Returns "owned", "retained" or "borrowed".
DOVETAIL_EXPORT std::string_view to_string(StreamOrigin origin) noexcept;

}  // namespace dovetail
