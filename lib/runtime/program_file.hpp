// SPDX-License-Identifier: Apache-2.0
// The format of a ProgramCache's files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/runtime/kernel_signature.hpp"

namespace dovetail::detail {

/// A built program as it is kept on disk.
struct ProgramFile {
  std::string key;  ///< All that the binary depends on, in full, so that equal hashes do no harm.
  std::vector<KernelSignature> signatures;
  std::vector<unsigned char> binary;
};

/// 64-bit FNV-1a (Fowler, Noll, Vo): stable over runs and machines, unlike std::hash.
std::uint64_t fnv1a(std::string_view bytes) noexcept;

/// Reads a file; nothing if it is not there. `damaged` tells of one that is there and unusable.
struct ReadResult {
  std::optional<ProgramFile> file;
  bool damaged = false;
};
ReadResult read_program_file(const std::filesystem::path& path);

/// Writes beside `path` and renames, so that readers see the old file or the new one, whole.
/// Returns whether that succeeded.
bool write_program_file(const std::filesystem::path& path, const ProgramFile& file) noexcept;

}  // namespace dovetail::detail
