// SPDX-License-Identifier: Apache-2.0
// The commands of the tool, each in commands/<name>.cpp; commands/commands.cpp lists them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tools/measure/requests.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}

namespace dovetail::tool {

/// The exit codes of the program; docs/report.md explains them.
enum class ExitCode { done = 0, wrong_result = 1, bad_usage = 2, no_device = 3 };

class Command {
 public:
  /// @param description  One line for --help, which leaves out a command that has none.
  Command(std::string_view name, std::string_view description)
      : name_(name), description_(description) {}
  virtual ~Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  std::string_view name() const noexcept { return name_; }
  std::string_view description() const noexcept { return description_; }

  virtual void add_options(CLI::App& app) = 0;
  /// Runs the command, with the options that were parsed.
  virtual ExitCode run() = 0;
  /// Adds what the command asks of a worker process, as `<name>.<request>`.
  virtual void add_requests(Requests& /*requests*/, std::uint64_t /*seed*/) {}

 private:
  std::string_view name_, description_;
};

/// Makes every command, in the order in which --help lists them.
std::vector<std::unique_ptr<Command>> make_commands();

}  // namespace dovetail::tool
