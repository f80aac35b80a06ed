// SPDX-License-Identifier: Apache-2.0
// `dovetail worker`, hidden: the process that measure/worker.hpp starts.
#include "tools/measure/worker.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "tools/command.hpp"
#include "tools/measure/call_counts.hpp"

namespace dovetail::tool {
namespace {

class WorkerCommand : public Command {
 public:
  WorkerCommand() : Command("worker", "") {}

  void add_options(CLI::App& app) override { app.add_option("--seed", seed_); }

  ExitCode run() override {
    Requests requests;
    for (const auto& command : make_commands()) command->add_requests(requests, seed_);
    return static_cast<ExitCode>(serve_as_worker(requests));
  }

  void add_requests(Requests& requests, std::uint64_t /*seed*/) override {
    requests["worker.is_counting"] = [](const nlohmann::json& /*request*/) {
      Context::default_context();  // the first OpenCL call loads the layer
      return snapshot_call_counts().has_value();
    };
  }

 private:
  std::uint64_t seed_ = 1;
};

}  // namespace

std::unique_ptr<Command> make_worker_command() { return std::make_unique<WorkerCommand>(); }

}  // namespace dovetail::tool
