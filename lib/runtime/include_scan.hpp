// SPDX-License-Identifier: Apache-2.0
// What a program's source includes, as far as that shows without a compiler.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail::detail {

struct Included {
  /// Names, paths and contents of what may be included, for a key: another text means that a
  /// compiler may see something else. Empty if nothing is included.
  std::string key;
  /// An `#include` of a macro, which only a compiler can follow, is among them.
  bool has_macro = false;
};

/// Finds every `#include` of `source` and of what it includes, whatever `#if` stands around it, in
/// each of `directories`, beside the including file and in the current folder: drivers differ in
/// which they take first, so the key holds all that are there.
DOVETAIL_EXPORT Included scan_includes(std::string_view source,
                                       std::span<const std::filesystem::path> directories);

}  // namespace dovetail::detail
