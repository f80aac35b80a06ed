// SPDX-License-Identifier: Apache-2.0
// Typed options for building a program.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// The options that a program is built with; part of its key in a ProgramCache.
///
///     BuildOptions().define("TILE", 16).define("T", "float").define("SCALE", 0.1f).fast_math()
class DOVETAIL_EXPORT BuildOptions {
 public:
  /// -D NAME
  /// @throws InvalidArgument  `name` is no C identifier.
  BuildOptions& define(std::string_view name);
  /// -D NAME=value
  /// @throws InvalidArgument  `name` is no C identifier, or `value` has white space or quotes,
  ///                          which drivers split differently.
  BuildOptions& define(std::string_view name, std::string_view value);
  /// 0 or 1 for a bool, which OpenCL C's `#if` can test.
  template <std::integral T>
  BuildOptions& define(std::string_view name, T value) {
    if constexpr (std::same_as<T, bool>) {
      return define(name, std::string_view(value ? "1" : "0"));
    } else {
      return define(name, std::string_view(std::to_string(value)));
    }
  }
  /// As a hexadecimal literal of OpenCL C with exactly this value: 0.1f is 0x1.99999ap-4f.
  /// @throws InvalidArgument  `name` is no C identifier, or `value` is infinite or no number.
  BuildOptions& define(std::string_view name, float value);
  /// The same as a literal of type double, which the device must have.
  BuildOptions& define(std::string_view name, double value);

  /// -I `path`: where the program's `#include`s are looked for, in the order given. A relative path
  /// begins at the current folder of this call.
  /// @throws InvalidArgument  `path` is no folder, or has white space, quotes or a backslash, which
  ///                          drivers split differently.
  BuildOptions& include_directory(const std::string& path);

  /// -cl-fast-relaxed-math: no NaN or infinity handling is promised, and rounding is looser.
  BuildOptions& fast_math();
  /// -cl-mad-enable: a product and a sum may be fused.
  BuildOptions& mad();
  /// -cl-std=`version`, such as "CL1.2".
  /// @throws InvalidArgument  `version` is not in the form of "CL1.2" or "CLC++2021".
  BuildOptions& standard(std::string_view version);

  /// The options as OpenCL takes them, in the order in which they were given.
  const std::string& str() const noexcept { return text_; }
  /// The folders of `include_directory`, absolute.
  const std::vector<std::string>& include_directories() const noexcept {
    return include_directories_;
  }

 private:
  BuildOptions& append(std::string_view option);
  std::string text_;
  std::vector<std::string> include_directories_;
};

}  // namespace dovetail
