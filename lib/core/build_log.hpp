// SPDX-License-Identifier: Apache-2.0
// Compilers' logs: where they point at in a program's source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"

namespace dovetail::detail {

/// An error in a compiler's log.
struct LogError {
  std::string file;  ///< As the log calls it; drivers have names of their own for a program's text.
  unsigned line;     ///< From 1.
  unsigned column;   ///< From 1, in bytes.
  std::string message;
};

/// The errors of a log that name a place, in its order. Knows "FILE:LINE:COLUMN: error: text", as
/// clang and NVIDIA's compiler write, and "error: FILE:LINE:COLUMN: text", as PoCL does.
DOVETAIL_EXPORT std::vector<LogError> errors_in(std::string_view log);

/// The places of the log's first three errors, each with its line, two lines around it and a caret
/// below its column:
///
///     scale.cl:3:12: use of undeclared identifier 'x'
///         1 | kernel void scale(global int* out) {
///         2 |   // 7 times
///     >   3 |   out[0] = x;
///           |            ^
///         4 | }
///
/// A log names lines as `#line` directives in the source count them, or, on NVIDIA, as they are:
/// whichever file it names tells. An included file is read again; what cannot be found is left out.
/// @param program  The source's own name.
/// @return         Empty if the log points nowhere.
DOVETAIL_EXPORT std::string quote_errors(std::string_view log, std::string_view program,
                                         std::string_view source);

}  // namespace dovetail::detail
