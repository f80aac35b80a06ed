// SPDX-License-Identifier: Apache-2.0
// What an exception says, of whatever type it is.
#pragma once

#include <exception>
#include <string>

namespace dovetail::detail {

/// What the exception that is being handled says. Where a peer's code was called it may be
/// anything.
inline std::string thrown_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of another type";
  }
}

}  // namespace dovetail::detail
