// SPDX-License-Identifier: Apache-2.0
// Work of programs from a cache, and looks at the cache and its folder.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail::test {

/// Returns what its kernel `value` puts out for an extra of 1000.
inline int run(const Program& program) {
  const Stream stream(context());
  const Tensor out = Tensor::zeros(stream, {1}, DType::i32);
  Kernel(program, "value").launch(stream, NDRange({1}), out, 1000);
  return out.to_host<std::int32_t>(stream).at(0);
}

inline void expect_counts(const ProgramCache& cache, std::uint64_t memory_hits,
                          std::uint64_t disk_hits, std::uint64_t builds,
                          std::uint64_t rejected_files) {
  const auto statistics = cache.statistics();
  EXPECT_EQ(statistics.memory_hits, memory_hits);
  EXPECT_EQ(statistics.disk_hits, disk_hits);
  EXPECT_EQ(statistics.builds, builds);
  EXPECT_EQ(statistics.rejected_files, rejected_files);
}

inline std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files.push_back(entry.path());
  }
  return files;
}

inline void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace dovetail::test
