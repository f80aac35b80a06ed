// SPDX-License-Identifier: Apache-2.0
// Files that results are written to, hours after they were named.
#pragma once

#include <filesystem>
#include <string_view>

namespace dovetail::tool {

/// Fails before hours of measuring rather than after: writes 1 MiB beside the file and deletes it.
/// @throws InvalidArgument  that, or the file, cannot be written.
void check_writable(const std::filesystem::path& path);

/// Replaces the file by `text`, or leaves it as it was: writes beside it and renames. Follows
/// symbolic links, and writes to a device or a pipe in place.
/// @throws InvalidArgument  it cannot be written.
void write_output(const std::filesystem::path& path, std::string_view text);

}  // namespace dovetail::tool
