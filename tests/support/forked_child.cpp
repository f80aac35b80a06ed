// SPDX-License-Identifier: Apache-2.0
#include "tests/support/forked_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace dovetail::test {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void run_child(const std::function<std::string()>& body, ChildEnd end, int file) {
  std::string text;
  int code = 0;
  try {
    text = body();
  } catch (const std::exception& error) {
    text = error.what();
    code = 1;
  }
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) code = 2;
  if (end == ChildEnd::at_once) ::_exit(code);
  std::exit(code);
}

/// Reads until the last writer has closed the pipe; false if that is not before `deadline`.
bool read_until(Clock::time_point deadline, int file, std::string& text) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{.fd = file, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 4096> block{};
    const ssize_t size = ::read(file, block.data(), block.size());
    if (size <= 0) return true;
    text.append(block.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

ForkResult run_in_fork(const std::function<std::string()>& body, ChildEnd end,
                       std::chrono::seconds limit) {
  std::array<int, 2> pipe_ends{};
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  std::fflush(nullptr);  // or a child that ends by exit prints it a second time
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) run_child(body, end, pipe_ends[1]);
  ::close(pipe_ends[1]);
  ForkResult result;
  result.ended = read_until(Clock::now() + limit, pipe_ends[0], result.text);
  ::close(pipe_ends[0]);
  if (!result.ended) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace dovetail::test
