// SPDX-License-Identifier: Apache-2.0
// Built programs, kept in memory and on disk.
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

struct ProgramCacheOptions {
  /// Where binaries are kept; empty: in memory only.
  std::string directory;
  /// DOVETAIL_CACHE_DIR, else $XDG_CACHE_HOME/dovetail, else $HOME/.cache/dovetail; in memory only
  /// if none is set or DOVETAIL_CACHE_DIR is empty.
  static DOVETAIL_EXPORT ProgramCacheOptions from_environment();
};

/// Counts since the cache was made.
struct ProgramCacheStatistics {
  std::uint64_t memory_hits = 0;
  std::uint64_t disk_hits = 0;
  std::uint64_t builds = 0;
  /// Files that were damaged or of another key, and so were built anew and replaced.
  std::uint64_t rejected_files = 0;
};

/// Programs by source, what it includes, options, device and driver.
///
/// Included files are read at each call: when one has changed, the program is built anew. A program
/// is built at each call, and not kept, where only the compiler can tell what it includes: a macro,
/// as in `#include NAME`; a file that cannot be read, such as a pipe; headers nested more than 200
/// deep; more than 16 MiB in all.
///
/// A program is built once however many threads ask for it, outside any lock; the others wait for
/// it. Many processes may share one directory: files are replaced as a whole. A file that is
/// corrupt or none, or a directory that cannot be written, is never an error: the program is built.
/// Thread-safe.
class DOVETAIL_EXPORT ProgramCache {
 public:
  explicit ProgramCache(const Context& context,
                        ProgramCacheOptions options = ProgramCacheOptions::from_environment());
  ~ProgramCache();
  ProgramCache(const ProgramCache&) = delete;
  ProgramCache& operator=(const ProgramCache&) = delete;

  /// The cache that belongs to `context` and lives as long; Dovetail's own kernels are in it.
  static ProgramCache& of(const Context& context);

  /// @throws BuildError  the source does not build. The failure is not kept: the next call tries
  ///                     again.
  Program get(const ProgramSource& source, const BuildOptions& options = {});

  ProgramCacheStatistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dovetail
