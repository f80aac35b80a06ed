// SPDX-License-Identifier: Apache-2.0
// A cache of built programs in memory and on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program.hpp"

namespace dovetail {

/// Where a cache keeps its files.
struct ProgramCacheOptions {
  std::string directory;  ///< The folder for binaries; empty: keeps programs in memory only.
  /// Reads DOVETAIL_CACHE_DIR, else takes $XDG_CACHE_HOME/dovetail, else $HOME/.cache/dovetail.
  /// Keeps programs in memory only if none is set or DOVETAIL_CACHE_DIR is empty.
  static DOVETAIL_EXPORT ProgramCacheOptions from_environment();
};

/// Counts since the cache was made.
struct ProgramCacheStatistics {
  std::uint64_t memory_hits = 0;
  std::uint64_t disk_hits = 0;
  std::uint64_t builds = 0;
  /// Files that were damaged or belonged to another key, and were replaced after a build.
  std::uint64_t rejected_files = 0;
};

/// Programs by source, included files, options, device and driver.
///
/// Each call reads the included files, and builds the program again if one has changed. If only the
/// compiler can tell what a program includes, each call builds it and keeps nothing: a macro, as in
/// `#include NAME`; a file that cannot be read, such as a pipe; headers nested more than 200 deep;
/// more than 16 MiB in all.
///
/// If many threads ask for a program, one builds it, outside any lock, and the others wait. Many
/// processes may share one folder, since files are replaced as a whole. A corrupt or missing file
/// and a folder that cannot be written are no errors: the cache builds the program. Thread-safe.
class DOVETAIL_EXPORT ProgramCache {
 public:
  /// Makes an empty cache over the options' folder.
  explicit ProgramCache(const Context& context,
                        ProgramCacheOptions options = ProgramCacheOptions::from_environment());
  ~ProgramCache();
  ProgramCache(const ProgramCache&) = delete;
  ProgramCache& operator=(const ProgramCache&) = delete;

  /// Returns the context's cache, which lives as long and also holds Dovetail's own kernels.
  static ProgramCache& of(const Context& context);

  /// Returns the program, and builds it if the cache has none.
  /// @throws BuildError  the source does not build. The next call tries again.
  Program get(const ProgramSource& source, const BuildOptions& options = {});

  ProgramCacheStatistics statistics() const;  ///< Returns the counts.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dovetail
