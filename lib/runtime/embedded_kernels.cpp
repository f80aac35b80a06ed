// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/embedded_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <unordered_map>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "lib/core/context_attachment.hpp"

namespace dovetail::detail {
namespace {

struct EmbeddedKernels {
  std::mutex mutex;
  std::unordered_map<std::string, Kernel> kernels;
};

std::string read_kernel_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw InvalidArgument(fmt::format(
        "[kernel_source] cannot read '{}'; DOVETAIL_KERNEL_DIR must name a copy of kernels/.",
        path.string()));
  }
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

ProgramSource kernel_source(std::string_view path) {
  std::string text = fmt::format("#line 1 \"kernels/{}\"\n", path);
  if (const char* directory = std::getenv("DOVETAIL_KERNEL_DIR"); directory != nullptr) {
    text += read_kernel_file(std::filesystem::path(directory) / path);
  } else {
    const auto files = embedded_files();
    const auto found = std::ranges::find(files, path, &EmbeddedFile::path);
    if (found == files.end()) {
      throw InvalidArgument(fmt::format("[kernel_source] no embedded kernel file '{}'.", path));
    }
    text += found->text;
  }
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
