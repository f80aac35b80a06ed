// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/embedded_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "lib/core/file.hpp"

namespace dovetail::detail {
namespace {

std::string read_kernel_file(const std::filesystem::path& path) {
  auto text = read_file(path);
  if (!text) {
    throw InvalidArgument(fmt::format(
        "[kernel_source] cannot read '{}'; DOVETAIL_KERNEL_DIR must name a copy of kernels/.",
        path.string()));
  }
  return *std::move(text);
}

/// Where a kernel file is in the repository. Kernels include public headers by their public names.
std::string path_of(std::string_view name) {
  return fmt::format("{}/{}", name.starts_with("dovetail/") ? "include" : "kernels", name);
}

/// Appends the file's text, with every `#include "..."` line replaced by the file it names: a
/// device's compiler has no folder to look in.
void append_file(std::string& text, std::string_view name) {
  const std::string path = path_of(name);
  const char* const directory =
      path.starts_with("kernels/") ? std::getenv("DOVETAIL_KERNEL_DIR") : nullptr;
  const std::string read =
      directory != nullptr ? read_kernel_file(std::filesystem::path(directory) / name) : "";
  std::string_view rest = directory != nullptr ? std::string_view(read) : embedded_text(path);
  constexpr std::string_view include = "#include \"";
  text += fmt::format("#line 1 \"{}\"\n", path);
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view here = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!here.starts_with(include)) {
      text += here;
      continue;
    }
    const std::string_view included = here.substr(include.size());
    append_file(text, included.substr(0, included.find('"')));
    text += fmt::format("\n#line {} \"{}\"\n", line + 1, path);
  }
}

}  // namespace

std::string_view embedded_text(std::string_view path) {
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, path, &EmbeddedFile::path);
  if (found == files.end()) {
    throw InvalidArgument(fmt::format("[kernel_source] no embedded kernel file '{}'.", path));
  }
  return found->text;
}

ProgramSource kernel_source(std::string_view name) {
  std::string text;
  append_file(text, name);
  return {.name = path_of(name), .text = std::move(text)};
}

Kernel build_kernel(const Context& context, std::string_view file, std::string_view name,
                    const BuildOptions& options) {
  return {ProgramCache::of(context).get(kernel_source(file), options), name};
}

}  // namespace dovetail::detail
