// SPDX-License-Identifier: Apache-2.0
// Typed options for building a program.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// The options that a program is built with; part of its key in a ProgramCache.
///
///     BuildOptions().define("TILE", 16).define("T", "float").fast_math()
class DOVETAIL_EXPORT BuildOptions {
 public:
  /// -D NAME
  /// @throws InvalidArgument  `name` is no C identifier.
  BuildOptions& define(std::string_view name);
  /// -D NAME=value
  /// @throws InvalidArgument  `name` is no C identifier, or `value` has white space or quotes,
  /// which
  ///                          drivers split differently.
  BuildOptions& define(std::string_view name, std::string_view value);
  template <std::integral T>
  BuildOptions& define(std::string_view name, T value) {
    return define(name, std::string_view(std::to_string(value)));
  }

  /// -cl-fast-relaxed-math: no NaN or infinity handling is promised, and rounding is looser.
  BuildOptions& fast_math();
  /// -cl-mad-enable: a product and a sum may be fused.
  BuildOptions& mad();
  /// -cl-std=`version`, such as "CL1.2".
  BuildOptions& standard(std::string_view version);

  /// The options as OpenCL takes them, in the order in which they were given.
  const std::string& str() const noexcept { return text_; }

 private:
  BuildOptions& append(std::string_view option);
  std::string text_;
};

}  // namespace dovetail
