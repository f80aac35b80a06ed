// SPDX-License-Identifier: Apache-2.0
// Files that several processes read and write, and where a user keeps them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dovetail::detail {

/// The whole file; nothing if it cannot be read.
std::optional<std::string> read_file(const std::filesystem::path& path);

/// Writes beside `path`, whose folders are made, and renames, so that readers see the old file or
/// the new one, whole. Returns whether that succeeded.
bool write_file(const std::filesystem::path& path, std::string_view bytes) noexcept;

/// The folder "dovetail" in the one that the variable `xdg` names (XDG_CACHE_HOME, ...), else in
/// `below_home` of the user's; nothing if neither is an absolute path.
std::optional<std::filesystem::path> user_directory(const char* xdg, std::string_view below_home);

}  // namespace dovetail::detail
