// SPDX-License-Identifier: Apache-2.0
// `dovetail handoff`: what it costs to pass data between layers.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/commands/handoff/handoff.hpp"
#include "tools/common_options.hpp"

namespace dovetail::tool {
namespace {

class HandoffCommand : public Command {
 public:
  HandoffCommand()
      : Command("handoff",
                "Passes data between layers on a shared queue, with events and with finishes") {}

  void add_options(CLI::App& app) override {
    common_.add_to(app);
    app.add_option("--steps", options_.steps, "Steps of one repetition")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
  }

  ExitCode run() override {
    common_.apply();
    options_.quick = common_.quick;
    options_.seed = common_.seed;
    Results results;
    run_handoff(options_, results);
    return common_.show(results);
  }

  void add_requests(Requests& requests, std::uint64_t /*seed*/) override {
    requests["handoff.count"] = count_handoff;
  }

 private:
  CommonOptions common_;
  HandoffOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_handoff_command() { return std::make_unique<HandoffCommand>(); }

}  // namespace dovetail::tool
