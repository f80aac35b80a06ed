// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/program_cache.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "dovetail/core/error.hpp"
#include "lib/core/context_attachment.hpp"
#include "lib/core/file.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/runtime/include_scan.hpp"
#include "lib/runtime/program_file.hpp"

namespace dovetail {

struct ProgramCache::State {
  cl_context context;  // a reference of its own, so that the cache may outlive Context handles
  Device device;
  std::filesystem::path directory;

  std::mutex mutex;
  std::unordered_map<std::string, std::shared_future<Program>> programs;  // by name and key
  std::atomic<std::uint64_t> memory_hits{0}, disk_hits{0}, builds{0}, rejected_files{0};

  State(const Context& context_in, std::filesystem::path directory_in)
      : context(context_in.get()), device(context_in.device()), directory(std::move(directory_in)) {
    detail::check_not_forked("ProgramCache");
    detail::check(clRetainContext(context), "clRetainContext");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    programs.clear();
    detail::release(context);
  }

  std::string key(const ProgramSource& source, const BuildOptions& options,
                  const detail::Included& included) const {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}{}", device.platform_name(), device.name(),
                       device.driver_version(), device.version(), options.str(), source.text.size(),
                       source.text, included.key);
  }

  Program load_or_build(const std::string& key, const ProgramSource& source,
                        const BuildOptions& options, const detail::Included& included);
};

namespace {

detail::Included includes_of(const ProgramSource& source, const BuildOptions& options) {
  const auto& folders = options.include_directories();
  return detail::scan_includes(source.text,
                               std::vector<std::filesystem::path>(folders.begin(), folders.end()));
}

/// A file that is included may have been written while the compiler read it: then the program does
/// not belong to its key.
bool is_unchanged(const ProgramSource& source, const BuildOptions& options,
                  const detail::Included& included) {
  return included.key.empty() || includes_of(source, options).key == included.key;
}

std::filesystem::path file_for(const std::filesystem::path& directory, const std::string& key) {
  return directory / fmt::format("{:016x}.program", detail::fnv1a(key));
}

}  // namespace

Program ProgramCache::State::load_or_build(const std::string& key, const ProgramSource& source,
                                           const BuildOptions& options,
                                           const detail::Included& included) {
  const bool on_disk = !directory.empty();
  if (on_disk) {
    auto [file, damaged] = detail::read_program_file(file_for(directory, key));
    if (file && file->key == key) {
      try {
        Program program = Program::from_binary(context, device, source.name, file->binary,
                                               std::move(file->signatures));
        ++disk_hits;
        return program;
      } catch (const OpenCLError&) {
        damaged = true;  // the driver refuses it: build anew
      }
    }
    if (file || damaged) ++rejected_files;
  }
  Program program = Program::from_source(context, device, source, options);
  ++builds;
  if (on_disk && is_unchanged(source, options, included)) {
    detail::write_program_file(file_for(directory, key),
                               {key, program.signatures(), program.binary()});
  }
  return program;
}

ProgramCacheOptions ProgramCacheOptions::from_environment() {
  if (const char* own = std::getenv("DOVETAIL_CACHE_DIR"); own != nullptr) return {own};
  return {detail::user_directory("XDG_CACHE_HOME", ".cache").value_or("")};
}

ProgramCache::ProgramCache(const Context& context, ProgramCacheOptions options) {
  detail::check_not_moved_from("ProgramCache", "context", context);
  state_ = std::make_unique<State>(context, std::move(options.directory));
}

ProgramCache::~ProgramCache() = default;

ProgramCache& ProgramCache::of(const Context& context) {
  detail::check_not_moved_from("ProgramCache::of", "context", context);
  return detail::attachment<ProgramCache>(context,
                                          [&] { return std::make_shared<ProgramCache>(context); });
}

Program ProgramCache::get(const ProgramSource& source, const BuildOptions& options) {
  detail::check_not_forked("ProgramCache::get");
  const auto included = includes_of(source, options);
  if (included.is_partial) {  // another call may read something else
    state_->builds.fetch_add(1, std::memory_order_relaxed);
    return Program::from_source(state_->context, state_->device, source, options);
  }
  const std::string key = state_->key(source, options, included);
  // Messages tell a program by its name, which the code does not depend on.
  const std::string named_key = fmt::format("{}\n{}{}", source.name.size(), source.name, key);
  std::promise<Program> promise;
  std::shared_future<Program> future;
  {
    const std::scoped_lock lock(state_->mutex);
    const auto [place, is_new] = state_->programs.try_emplace(named_key);
    if (!is_new) {
      future = place->second;
    } else {
      place->second = promise.get_future().share();
    }
  }
  if (future.valid()) {  // somebody has built it, or is about to
    Program program = future.get();
    state_->memory_hits.fetch_add(1, std::memory_order_relaxed);
    return program;
  }
  try {
    Program program = state_->load_or_build(key, source, options, included);
    if (!is_unchanged(source, options, included)) {
      const std::scoped_lock lock(state_->mutex);
      state_->programs.erase(named_key);
    }
    promise.set_value(program);
    return program;
  } catch (...) {
    {
      const std::scoped_lock lock(state_->mutex);
      state_->programs.erase(named_key);
    }
    promise.set_exception(std::current_exception());
    throw;
  }
}

ProgramCacheStatistics ProgramCache::statistics() const {
  return {.memory_hits = state_->memory_hits,
          .disk_hits = state_->disk_hits,
          .builds = state_->builds,
          .rejected_files = state_->rejected_files};
}

}  // namespace dovetail
