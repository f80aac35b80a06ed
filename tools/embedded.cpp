// SPDX-License-Identifier: Apache-2.0
#include "tools/embedded.hpp"

#include <algorithm>
#include <cassert>
#include <string>

namespace dovetail::tool {

std::string_view embedded_file(std::string_view path) {
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, path, &EmbeddedFile::path);
  assert(found != files.end());
  return found->text;
}

ProgramSource embedded_source(std::string_view path) {
  return {"tools/" + std::string(path), std::string(embedded_file(path))};
}

}  // namespace dovetail::tool
