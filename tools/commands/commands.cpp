// SPDX-License-Identifier: Apache-2.0
#include "tools/command.hpp"

// For each <name> here, commands/<name>.cpp defines make_<name>_command().
#define DOVETAIL_TOOL_COMMANDS(X) \
  X(info) X(scaling) X(matmul) X(handoff) X(report) X(tune) X(worker)

namespace dovetail::tool {

#define DOVETAIL_DECLARE(name) std::unique_ptr<Command> make_##name##_command();
DOVETAIL_TOOL_COMMANDS(DOVETAIL_DECLARE)
#undef DOVETAIL_DECLARE

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
#define DOVETAIL_MAKE(name) commands.push_back(make_##name##_command());
  DOVETAIL_TOOL_COMMANDS(DOVETAIL_MAKE)
#undef DOVETAIL_MAKE
  return commands;
}

}  // namespace dovetail::tool
