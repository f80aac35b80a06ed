// SPDX-License-Identifier: Apache-2.0
// Refuses a range of bytes that its buffer does not have.
#pragma once

#include <fmt/format.h>

#include <cstddef>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {

/// @param label  Called for a refusal only: who was given the range, such as "[Kernel 'f'] argument
///               2".
/// @throws InvalidArgument  it is not inside the buffer's bytes.
template <typename Label>
void check_range(std::size_t offset, std::size_t nbytes, std::size_t buffer_nbytes, Label label) {
  if (offset <= buffer_nbytes && nbytes <= buffer_nbytes - offset) [[likely]]
    return;
  throw InvalidArgument(fmt::format(
      "{} was given {} bytes at offset {} of a buffer that has {}; give a range inside it.",
      label(), nbytes, offset, buffer_nbytes));
}

}  // namespace dovetail::detail
