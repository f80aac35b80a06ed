// SPDX-License-Identifier: Apache-2.0
// What the tool prints: results on stdout, progress and messages on stderr. Each begins on a line
// of its own and stands in the order in which it was printed, also where both are one terminal or
// file.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace dovetail::tool {

/// Prints results to stdout, at once.
void print_results(std::string_view text);

/// Prints "dovetail: <text>" to stderr.
void print_message(std::string_view text);

/// Shows on stderr how far a list of steps is: a line that changes on a terminal, else a line every
/// few seconds.
class Progress {
 public:
  Progress(std::string_view what, std::size_t steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Begins the next step.
  void step(std::string_view name);

 private:
  void print(std::string_view name);

  std::string what_;
  std::size_t steps_;
  std::size_t at_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point printed_{};
};

}  // namespace dovetail::tool
