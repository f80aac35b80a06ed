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
  /// A compiler may read more than the key holds: an `#include` of a macro or of a name with a NUL,
  /// a file that cannot be read, headers nested more than 200 deep, or more than 16 MiB in all. The
  /// scan ends at the first of these.
  bool is_partial = false;
};

/// Finds every `#include` of `source` and of what it includes, whatever `#if` stands around it, in
/// each of `directories`, beside the including file and in the current folder: drivers differ in
/// which they take first, so the key holds all that are there.
DOVETAIL_EXPORT Included scan_includes(std::string_view source,
                                       std::span<const std::filesystem::path> directories);

}  // namespace dovetail::detail
