// SPDX-License-Identifier: Apache-2.0
// Files that the tool carries: its kernels, the report page, the shapes.
#pragma once

#include <span>
#include <string_view>

namespace dovetail::tool {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

/// All of them; defined in the source that CMake generates.
std::span<const EmbeddedFile> embedded_files();

/// The text of one that is known to be there.
std::string_view embedded_file(std::string_view path);

}  // namespace dovetail::tool
