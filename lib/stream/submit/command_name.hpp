// SPDX-License-Identifier: Apache-2.0
// What pieces of work are called in messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dovetail::detail {

/// Who gave a piece of work, for people: {"kernel", "scale"}; the first may be empty. Both are kept
/// by pointer: literals, or `permanent` copies.
struct CommandName {
  const char* kind;
  const char* name;
  std::string str() const;
};

/// Returns a copy that is never freed, made once for each text.
const char* permanent(std::string_view text);

/// Returns "stream #3".
std::string stream_label(std::uint64_t id);

}  // namespace dovetail::detail
