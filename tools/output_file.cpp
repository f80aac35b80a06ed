// SPDX-License-Identifier: Apache-2.0
#include "tools/output_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "dovetail/core/error.hpp"

namespace dovetail::tool {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path) {
  throw InvalidArgument(
      fmt::format("cannot write '{}'; name a file in a folder that exists and that you may write "
                  "to, on a disk with room.",
                  path.string()));
}

bool write(const fs::path& path, std::string_view text, std::ios::openmode mode) {
  std::ofstream stream(path, std::ios::binary | mode);
  stream << text;
  stream.close();
  return !stream.fail();
}

/// Returns whether the path leads to a device, a pipe or a folder, which no file can replace.
bool is_in_place(const fs::path& path) { return fs::exists(path) && !fs::is_regular_file(path); }

fs::path end_of_links(fs::path path) {
  for (int links = 0; links < 40 && fs::is_symlink(path); ++links) {
    path = path.parent_path() / fs::read_symlink(path);
  }
  return path;
}

/// Writes a file beside the one that the path leads to, and returns its path.
fs::path write_beside(const fs::path& path, std::string_view text) {
  fs::path part = end_of_links(path);
  part += fmt::format(".{}.part", ::getpid());
  if (write(part, text, std::ios::trunc)) return part;
  std::error_code failure;
  fs::remove(part, failure);
  refuse(path);
}

}  // namespace

void check_writable(const fs::path& path) {
  // A reader of the pipe would take the end of this for the end of all.
  if (fs::is_fifo(path)) return;
  const bool existed = fs::exists(path);
  // A full device fails only when something is written: a line end does no harm.
  if (!write(path, fs::is_character_file(path) ? "\n" : "", std::ios::app)) refuse(path);
  if (!existed) fs::remove(end_of_links(path));
  if (!is_in_place(path)) fs::remove(write_beside(path, std::string(1U << 20, ' ')));
}

void write_output(const fs::path& path, std::string_view text) {
  if (is_in_place(path)) {
    if (!write(path, text, std::ios::trunc)) refuse(path);
    return;
  }
  const fs::path target = end_of_links(path), part = write_beside(path, text);
  std::error_code failure;
  if (fs::exists(target)) fs::permissions(part, fs::status(target).permissions(), failure);
  fs::rename(part, target, failure);
  if (!failure) return;
  fs::remove(part, failure);
  refuse(path);
}

}  // namespace dovetail::tool
