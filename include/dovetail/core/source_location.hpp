// SPDX-License-Identifier: Apache-2.0
// Where in a source a call was made.
#pragma once

namespace dovetail {

/// A place in a source: std::source_location without its column, as Clang 14 has no such header.
/// The same type whichever compiler includes this.
class SourceLocation {
 public:
  /// The place of the call; as a default argument, that of the call to the function that has it.
  static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                          const char* function = __builtin_FUNCTION(),
                                          unsigned line = __builtin_LINE()) noexcept {
    SourceLocation place;
    place.file_ = file;
    place.function_ = function;
    place.line_ = line;
    return place;
  }

  constexpr const char* file_name() const noexcept { return file_; }
  /// The function's name alone, without its parameters.
  constexpr const char* function_name() const noexcept { return function_; }
  constexpr unsigned line() const noexcept { return line_; }

 private:
  const char* file_ = "";
  const char* function_ = "";
  unsigned line_ = 0;
};

}  // namespace dovetail
