// SPDX-License-Identifier: Apache-2.0
// The command-line tool: parses its arguments and runs a command.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "dovetail/core/error.hpp"
#include "dovetail/version.hpp"
#include "tools/command.hpp"
#include "tools/measure/verification.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {
namespace {

ExitCode parse_and_run(CLI::App& app, int argc, char** argv) {
  const auto commands = make_commands();
  ExitCode code = ExitCode::done;
  for (const auto& command : commands) {
    CLI::App& sub =
        *app.add_subcommand(std::string(command->name()), std::string(command->description()));
    if (command->description().empty()) sub.group("");
    command->add_options(sub);
    sub.callback([&code, &command] { code = command->run(); });
  }
  try {
    app.parse(argc, argv);
    return code;
  } catch (const CLI::RequiredError& error) {
    const auto unknown = app.remaining();
    if (unknown.empty()) return app.exit(error), ExitCode::bad_usage;
    throw InvalidArgument(
        fmt::format("there is no subcommand '{}'; --help lists those there are.", unknown.front()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::done : ExitCode::bad_usage;
  }
}

ExitCode run(int argc, char** argv) try {
  CLI::App app{"Dovetail: in-order OpenCL queues shared between layers, measured", "dovetail"};
  app.set_version_flag("--version", DOVETAIL_VERSION);
  app.require_subcommand(1);
  return parse_and_run(app, argc, argv);
} catch (const VerificationFailed& error) {
  return print_message(error.what()), ExitCode::wrong_result;
} catch (const NoDevice& error) {
  return print_message(error.what()), ExitCode::no_device;
} catch (const std::exception& error) {
  return print_message(error.what()), ExitCode::bad_usage;
}

}  // namespace
}  // namespace dovetail::tool

int main(int argc, char** argv) { return static_cast<int>(dovetail::tool::run(argc, argv)); }
