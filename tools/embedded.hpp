// SPDX-License-Identifier: Apache-2.0
// Files that the tool carries: its kernels, the report page, the shapes.
#pragma once

#include <span>
#include <string_view>

#include "dovetail/runtime/program.hpp"

namespace dovetail::tool {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

/// Returns all of them. CMake generates the source that defines it.
std::span<const EmbeddedFile> embedded_files();

/// Returns the text of a file that exists.
std::string_view embedded_file(std::string_view path);

/// Returns a file of kernels as the source of a program.
ProgramSource embedded_source(std::string_view path);

}  // namespace dovetail::tool
