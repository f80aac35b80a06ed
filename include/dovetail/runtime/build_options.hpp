// SPDX-License-Identifier: Apache-2.0
// Typed options for building a program.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// The options that a program is built with, and a part of its key in a ProgramCache.
///
///     BuildOptions().define("TILE", 16).define("T", "float").define("SCALE", 0.1f).fast_math()
class DOVETAIL_EXPORT BuildOptions {
 public:
  /// Adds -D NAME.
  /// @throws InvalidArgument  `name` is no C identifier.
  BuildOptions& define(std::string_view name);
  /// Adds -D NAME=value.
  /// @throws InvalidArgument  `name` is no C identifier, or `value` has white space or quotes,
  ///                          which drivers split differently.
  BuildOptions& define(std::string_view name, std::string_view value);
  /// Adds -D NAME=value; a bool is 0 or 1, which OpenCL C's `#if` can test.
  /// @throws InvalidArgument  `name` is no C identifier.
  template <std::integral T>
  BuildOptions& define(std::string_view name, T value) {
    if constexpr (std::same_as<T, bool>) {
      return define(name, std::string_view(value ? "1" : "0"));
    } else {
      return define(name, std::string_view(std::to_string(value)));
    }
  }
  /// Adds -D NAME=value as a hexadecimal literal with exactly this value: 0x1.99999ap-4f for 0.1f.
  /// @throws InvalidArgument  `name` is no C identifier, or `value` is infinite or NaN.
  BuildOptions& define(std::string_view name, float value);
  /// Adds -D NAME=value as a hexadecimal literal of type double, which the device must have.
  /// @throws InvalidArgument  `name` is no C identifier, or `value` is infinite or NaN.
  BuildOptions& define(std::string_view name, double value);

  /// Adds -I `path`: the compiler looks for `#include`s there, in the order of the calls. A
  /// relative path is relative to the current folder of this call.
  /// @throws InvalidArgument  `path` is no folder, or has white space, quotes or a backslash, which
  ///                          drivers split differently.
  BuildOptions& include_directory(const std::string& path);

  /// Adds -cl-fast-relaxed-math: NaN and infinity may be mishandled, and rounding is looser.
  BuildOptions& fast_math();
  BuildOptions& mad();  ///< Adds -cl-mad-enable: the compiler may fuse a product and a sum.
  /// Adds -cl-std=`version`, such as "CL1.2".
  /// @throws InvalidArgument  `version` has not the form of "CL1.2" or "CLC++2021".
  BuildOptions& standard(std::string_view version);

  /// Returns the options as OpenCL takes them, in the order of the calls.
  const std::string& str() const noexcept { return text_; }
  /// Returns the folders of `include_directory`, as absolute paths.
  const std::vector<std::string>& include_directories() const noexcept {
    return include_directories_;
  }

 private:
  BuildOptions& append(std::string_view option);
  std::string text_;
  std::vector<std::string> include_directories_;
};

}  // namespace dovetail
