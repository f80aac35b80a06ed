// SPDX-License-Identifier: Apache-2.0
// Memory handles that were moved from: what is given one refuses it by its own name.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "dovetail/stream/buffer.hpp"
#include "lib/core/moved_from.hpp"

namespace dovetail::detail {

/// @param name  What was given, such as "tensor".
/// @throws InvalidArgument  the memory was moved from; one without bytes is none such.
inline void check_not_moved_from(std::string_view function, std::string_view name,
                                 const Buffer& buffer) {
  if (handle_of(buffer).context == nullptr) [[unlikely]]
    throw_moved_from(function, name);
}

/// @param name  The operand of an operation, such as "a"; the message calls it "operand a".
/// @throws InvalidArgument  the operand's memory was moved from.
inline void check_operand_not_moved_from(std::string_view function, std::string_view name,
                                         const Buffer& buffer) {
  if (handle_of(buffer).context == nullptr) [[unlikely]]
    throw_moved_from(function, fmt::format("operand {}", name));
}

}  // namespace dovetail::detail
