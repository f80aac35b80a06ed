// SPDX-License-Identifier: Apache-2.0
// Child processes of the tool: one for each worker of the `process` queue, and one that runs under
// the counting layer, so that counting costs the timed runs nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "tools/results.hpp"

namespace dovetail::tool {

/// A running `dovetail worker`; ends with this object.
class Worker {
 public:
  /// @param layer  The counting layer to run under, if any.
  /// @throws Error  the process cannot be started.
  explicit Worker(std::uint64_t seed, const std::optional<std::filesystem::path>& layer = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Sends a request without waiting for its answer.
  void send(const nlohmann::json& request);
  /// The answer to the oldest request not yet answered.
  /// @throws Error               the worker failed or is gone.
  /// @throws VerificationFailed  a result was wrong there.
  nlohmann::json receive();
  nlohmann::json ask(const nlohmann::json& request);

 private:
  pid_t pid_ = -1;
  int to_worker_ = -1, from_worker_ = -1;
};

/// A worker that runs under the counting layer, or null if there is none to be had: then `results`
/// tells that `what` was skipped, and why.
std::unique_ptr<Worker> start_counting_worker(std::uint64_t seed, std::string_view what,
                                              Results& results);

/// The other side: answers requests until there are no more. Returns the exit code.
int serve_as_worker(std::uint64_t seed);

}  // namespace dovetail::tool
