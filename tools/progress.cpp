// SPDX-License-Identifier: Apache-2.0
#include "tools/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace dovetail::tool {

using Clock = std::chrono::steady_clock;

Progress::Progress(std::string_view what, std::size_t steps)
    : what_(what), steps_(steps), terminal_(::isatty(STDERR_FILENO) != 0), start_(Clock::now()) {}

Progress::~Progress() {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  fmt::print(stderr, "{}{}: {} of {} in {:.1f} s{}\n", terminal_ ? "\r" : "", what_, at_, steps_,
             seconds, terminal_ ? "\x1b[K" : "");
}

void Progress::step(std::string_view name) {
  ++at_;
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (Clock::now() - printed_ >= pause) print(name);
}

void Progress::print(std::string_view name) {
  printed_ = Clock::now();
  if (terminal_) {
    fmt::print(stderr, "\r{}: {:>4}/{} {}\x1b[K", what_, at_, steps_, name);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{}: {}/{} {}\n", what_, at_, steps_, name);
  }
}

}  // namespace dovetail::tool
