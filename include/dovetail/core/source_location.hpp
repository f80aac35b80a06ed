// SPDX-License-Identifier: Apache-2.0
// The place of a call in a source file.
#pragma once

namespace dovetail {

/// A place in a source file: std::source_location without the column, since Clang 14 has no such
/// header. One type for all compilers.
class SourceLocation {
 public:
  /// Returns the place of this call. As a default argument, returns the place of the call to the
  /// function that declares it.
  static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                          const char* function = __builtin_FUNCTION(),
                                          unsigned line = __builtin_LINE()) noexcept {
    SourceLocation place;
    place.file_ = file;
    place.function_ = function;
    place.line_ = line;
    return place;
  }

  constexpr const char* file_name() const noexcept { return file_; }  ///< Returns the file's name.
  /// Returns the function's name without its parameters.
  constexpr const char* function_name() const noexcept { return function_; }
  constexpr unsigned line() const noexcept { return line_; }  ///< Returns the number of the line.

 private:
  const char* file_ = "";
  const char* function_ = "";
  unsigned line_ = 0;
};

}  // namespace dovetail
