// SPDX-License-Identifier: Apache-2.0
// Files that several processes read and write, and where a user keeps them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail::detail {

/// The largest file that `read_file` takes unless told otherwise: 16 MiB.
constexpr std::size_t largest_text = std::size_t{16} << 20;

/// Returns the whole file; nothing if it cannot be read, has more than `largest` bytes or is not a
/// regular file. /dev/null counts as an empty file. Never waits for a pipe's writer.
DOVETAIL_EXPORT std::optional<std::string> read_file(const std::filesystem::path& path,
                                                     std::size_t largest = largest_text) noexcept;

/// Replaces the file, whose folders it makes: writes beside it and renames, so that readers see the
/// old file or the new one, whole. Keeps the permissions of a file that is there. Follows symbolic
/// links, and writes to a device in place.
/// @return  Whether that succeeded; else the file is as it was.
DOVETAIL_EXPORT bool write_file(const std::filesystem::path& path, std::string_view bytes) noexcept;

/// Replaces the file, as `write_file` does, by what `change` makes of its bytes; of none where
/// there is no file. Other threads and processes that update the file wait meanwhile, as far as its
/// file system has locks; those that read it never do. The lock is on a file with ".lock" added to
/// the name, which stays.
/// @return  Whether the file could be read and written. Throws what `change` throws.
DOVETAIL_EXPORT bool update_file(const std::filesystem::path& path,
                                 const std::function<std::string(std::string_view)>& change);

/// The folder "dovetail" in the one that the variable `xdg` names (XDG_CACHE_HOME, ...), else in
/// `below_home` of the user's; nothing if neither is an absolute path.
std::optional<std::filesystem::path> user_directory(const char* xdg, std::string_view below_home);

}  // namespace dovetail::detail
