// SPDX-License-Identifier: Apache-2.0
// Runs a function in a forked copy of this process, whose threads are not copied.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace dovetail::test {

struct ForkResult {
  /// The child ended within the time limit; else it was killed.
  bool ended = false;
  /// What it ended with; 128 + the signal's number if a signal ended it.
  int exit_code = 0;
  /// What `body` returned, or the text of what it threw.
  std::string text;
};

/// How the child ends when `body` has returned.
enum class ChildEnd {
  at_once,              ///< By _exit: nothing else runs.
  through_destructors,  ///< By exit: objects in static storage are destroyed.
};

/// Forks; the child sends back what `body` returns and ends with 0, or with 1 if it throws. No
/// assertions in `body`: a child's are not seen.
ForkResult run_in_fork(const std::function<std::string()>& body, ChildEnd end = ChildEnd::at_once,
                       std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace dovetail::test
