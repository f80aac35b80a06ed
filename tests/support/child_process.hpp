// SPDX-License-Identifier: Apache-2.0
// Runs a test again in a process of its own: for a fresh start, or another environment.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dovetail::test {

struct ChildResult {
  /// The test ran there and passed.
  bool passed = false;
  /// What it printed.
  std::string output;
};

/// How a program ended, as waitpid tells it, and what it printed.
struct ProgramEnd {
  int status = 0;
  std::string output;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Runs this program anew with these arguments, and these variables added.
ProgramEnd run_this_program(std::vector<std::string> arguments, const Variables& environment = {});

/// Whether this process was started by `run_again_in_child`: then a test runs its child's part.
bool in_child();

/// Runs the current test, and only it, in a new process with these variables added.
ChildResult run_again_in_child(const Variables& environment = {});

}  // namespace dovetail::test
