// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/embedded_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <unordered_map>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "lib/core/context_attachment.hpp"
#include "lib/core/file.hpp"

namespace dovetail::detail {
namespace {

struct EmbeddedKernels {
  std::mutex mutex;
  std::unordered_map<std::string, Kernel> kernels;
};

std::string read_kernel_file(const std::filesystem::path& path) {
  auto text = read_file(path);
  if (!text) {
    throw InvalidArgument(fmt::format(
        "[kernel_source] cannot read '{}'; DOVETAIL_KERNEL_DIR must name a copy of kernels/.",
        path.string()));
  }
  return *std::move(text);
}

/// Appends the file's text, with every `#include "..."` line replaced by the file it names below
/// kernels/: a device's compiler has no folder to look in.
void append_file(std::string& text, std::string_view path) {
  const char* const directory = std::getenv("DOVETAIL_KERNEL_DIR");
  const std::string read =
      directory != nullptr ? read_kernel_file(std::filesystem::path(directory) / path) : "";
  std::string_view rest = directory != nullptr ? std::string_view(read) : embedded_text(path);
  constexpr std::string_view include = "#include \"";
  text += fmt::format("#line 1 \"kernels/{}\"\n", path);
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view here = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!here.starts_with(include)) {
      text += here;
      continue;
    }
    const std::string_view name = here.substr(include.size());
    append_file(text, name.substr(0, name.find('"')));
    text += fmt::format("\n#line {} \"kernels/{}\"\n", line + 1, path);
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

ProgramSource kernel_source(std::string_view path) {
  std::string text;
  append_file(text, path);
  return {.name = fmt::format("kernels/{}", path), .text = std::move(text)};
}

Kernel embedded_kernel(const Context& context, std::string_view path, std::string_view name,
                       const BuildOptions& options) {
  EmbeddedKernels& table =
      attachment<EmbeddedKernels>(context, [] { return std::make_shared<EmbeddedKernels>(); });
  std::string key;
  key.reserve(path.size() + name.size() + options.str().size() + 2);
  key.append(path).append(" ").append(name).append(" ").append(options.str());
  {
    const std::scoped_lock lock(table.mutex);
    if (const auto found = table.kernels.find(key); found != table.kernels.end()) {
      return found->second;
    }
  }
  const Kernel kernel(ProgramCache::of(context).get(kernel_source(path), options), name);
  const std::scoped_lock lock(table.mutex);
  return table.kernels.try_emplace(std::move(key), kernel).first->second;
}

}  // namespace dovetail::detail
