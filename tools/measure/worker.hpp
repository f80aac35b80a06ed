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

#include "tools/measure/requests.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

/// A running `dovetail worker`, which ends with this object.
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
  /// Waits for the answer to the oldest request that has none yet.
  /// @throws Error               the worker failed or is gone.
  /// @throws VerificationFailed  a result was wrong there.
  nlohmann::json receive();
  /// Sends a request and waits for its answer.
  nlohmann::json ask(const nlohmann::json& request);

 private:
  pid_t pid_ = -1;
  int to_worker_ = -1, from_worker_ = -1;
};

/// Starts a worker that runs under the counting layer. Returns null, and adds `what` with the
/// reason to what `results` skipped, if there is no layer or the OpenCL loader takes none.
std::unique_ptr<Worker> start_counting_worker(std::uint64_t seed, std::string_view what,
                                              Results& results);

/// Answers requests in the worker process until there are no more. Returns the exit code.
int serve_as_worker(const Requests& requests);

}  // namespace dovetail::tool
