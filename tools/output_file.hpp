// SPDX-License-Identifier: Apache-2.0
// Files for results, which are named hours before they are written.
#pragma once

#include <filesystem>
#include <string_view>

namespace dovetail::tool {

/// Writes 1 MiB beside the file and deletes it, to fail before hours of measuring, not after.
/// @throws InvalidArgument  that, or the file, cannot be written.
void check_writable(const std::filesystem::path& path);

/// Replaces the file by `text`, or leaves it unchanged: writes beside it and renames. Follows
/// symbolic links, and writes to a device or a pipe in place.
/// @throws InvalidArgument  the file cannot be written.
void write_output(const std::filesystem::path& path, std::string_view text);

}  // namespace dovetail::tool
