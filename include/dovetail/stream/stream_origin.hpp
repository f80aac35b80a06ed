// SPDX-License-Identifier: Apache-2.0
// Whose queue a stream is.
#pragma once

#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// Who keeps a stream's queue alive.
enum class StreamOrigin {
  owned,     ///< Dovetail made the queue.
  retained,  ///< Somebody else made it; Dovetail holds a reference.
  borrowed,  ///< Somebody else made it and keeps it alive for as long as any handle to the stream.
};

/// "owned", "retained" or "borrowed".
DOVETAIL_EXPORT std::string_view to_string(StreamOrigin origin) noexcept;

}  // namespace dovetail
