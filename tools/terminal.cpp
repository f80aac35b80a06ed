// SPDX-License-Identifier: Apache-2.0
#include "tools/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "tools/measure/effort.hpp"

namespace dovetail::tool {
namespace {

using Clock = std::chrono::steady_clock;

bool line_is_open = false;  // the terminal shows progress, and no line end after it

void end_line() {
  if (line_is_open) fmt::print(stderr, "\n");
  line_is_open = false;
}

}  // namespace

void print_results(std::string_view text) {
  end_line();
  fmt::print("{}", text);
  std::fflush(stdout);
}

void print_message(std::string_view text) {
  end_line();
  fmt::print(stderr, "dovetail: {}\n", text);
}

Progress::Progress(std::string_view what, std::size_t steps)
    : what_(what), steps_(steps), terminal_(::isatty(STDERR_FILENO) != 0), start_(Clock::now()) {}

Progress::~Progress() {
  fmt::print(stderr, "{}{}: {} of {} in {:.1f} s{}\n", terminal_ ? "\r" : "", what_, at_, steps_,
             seconds_since(start_), terminal_ ? "\x1b[K" : "");
  line_is_open = false;
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
    line_is_open = true;
  } else {
    fmt::print(stderr, "{}: {}/{} {}\n", what_, at_, steps_, name);
  }
}

}  // namespace dovetail::tool
