// SPDX-License-Identifier: Apache-2.0
// `dovetail scaling`: operations per second over threads, queues, ways to wait and kinds of work.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "dovetail/core/error.hpp"
#include "tools/commands/scaling/sweep.hpp"
#include "tools/common_options.hpp"

namespace dovetail::tool {
namespace {

/// An option that takes some of an enumeration's names.
template <typename Enum>
class NamesOption {
 public:
  NamesOption(std::string name, std::span<const std::string_view> names)
      : name_(std::move(name)), names_(names) {}

  void add_to(CLI::App& app) {
    app.add_option(name_, given_, fmt::to_string(fmt::join(names_, ", ")))->delimiter(',');
  }

  /// Writes to `values` what was given, if anything was.
  void read_into(std::vector<Enum>& values) const {
    if (!given_.empty()) values.clear();
    for (const std::string& name : given_) {
      const auto value = from_name<Enum>(names_, name);
      if (!value) {
        throw InvalidArgument(
            fmt::format("{}: '{}' is none of: {}.", name_, name, fmt::join(names_, ", ")));
      }
      values.push_back(*value);
    }
  }

 private:
  std::string name_;
  std::span<const std::string_view> names_;
  std::vector<std::string> given_;
};

class ScalingCommand : public Command {
 public:
  ScalingCommand()
      : Command("scaling", "Operations per second over threads, queues and ways to wait") {}

  void add_options(CLI::App& app) override {
    common_.add_to(app);
    app.add_option("--threads", options_.threads, "Numbers of threads, such as 1,2,4")
        ->delimiter(',')
        ->check(CLI::Range(1, 256));
    paths_.add_to(app);
    queues_.add_to(app);
    syncs_.add_to(app);
    works_.add_to(app);
  }

  ExitCode run() override {
    common_.apply();
    paths_.read_into(options_.paths);
    queues_.read_into(options_.queues);
    syncs_.read_into(options_.syncs);
    works_.read_into(options_.works);
    options_.quick = common_.quick;
    options_.seed = common_.seed;
    Results results;
    run_scaling(options_, results);
    return common_.show(results);
  }

  void add_requests(Requests& requests, std::uint64_t seed) override {
    add_scaling_requests(requests, seed);
  }

 private:
  CommonOptions common_;
  ScalingOptions options_;
  NamesOption<Path> paths_{"--paths", path_names};
  NamesOption<Queue> queues_{"--queues", queue_names};
  NamesOption<Sync> syncs_{"--sync", sync_names};
  NamesOption<Work> works_{"--work", work_names};
};

}  // namespace

std::unique_ptr<Command> make_scaling_command() { return std::make_unique<ScalingCommand>(); }

}  // namespace dovetail::tool
