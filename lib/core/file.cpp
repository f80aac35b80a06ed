// SPDX-License-Identifier: Apache-2.0
#include "lib/core/file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace dovetail::detail {
namespace {

std::filesystem::path environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad()) return std::nullopt;
  return bytes;
}

bool write_file(const std::filesystem::path& path, std::string_view bytes) noexcept try {
  static std::atomic<unsigned> counter{0};
  std::error_code failure;
  std::filesystem::create_directories(path.parent_path(), failure);
  std::filesystem::path temporary = path;
  temporary += fmt::format(".{}.{}", getpid(), counter++);
  {
    std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream) {
      std::filesystem::remove(temporary, failure);
      return false;
    }
  }
  std::filesystem::rename(temporary, path, failure);
  const bool renamed = !failure;
  if (!renamed) std::filesystem::remove(temporary, failure);
  return renamed;
} catch (...) {
  return false;
}

std::optional<std::filesystem::path> user_directory(const char* xdg, std::string_view below_home) {
  if (const auto own = environment(xdg); own.is_absolute()) return own / "dovetail";
  if (const auto home = environment("HOME"); home.is_absolute()) {
    return home / below_home / "dovetail";
  }
  return std::nullopt;
}

}  // namespace dovetail::detail
