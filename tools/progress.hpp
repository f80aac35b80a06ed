// SPDX-License-Identifier: Apache-2.0
// Progress on the terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace dovetail::tool {

/// Shows how far a list of steps is, on stderr: one line that changes on a terminal, else a line
/// every few seconds.
class Progress {
 public:
  Progress(std::string_view what, std::size_t steps);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The next step begins.
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
