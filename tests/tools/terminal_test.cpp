// SPDX-License-Identifier: Apache-2.0
#include "tools/terminal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>

#include "tests/support/temporary_directory.hpp"

namespace dovetail::tool {
namespace {

/// Runs `print` with both standard output and standard error at `fd`, and closes it.
void with_output_at(int fd, const std::function<void()>& print) {
  std::fflush(stdout);
  const std::array<int, 2> kept{::dup(STDOUT_FILENO), ::dup(STDERR_FILENO)};
  ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
  ::close(fd);
  print();
  std::fflush(stdout);
  ::dup2(kept[0], STDOUT_FILENO);
  ::dup2(kept[1], STDERR_FILENO);
  for (const int each : kept) ::close(each);
}

std::string on_a_terminal(const std::function<void()>& print) {
  int screen = -1, terminal = -1;
  if (::openpty(&screen, &terminal, nullptr, nullptr, nullptr) != 0) return "no terminal";
  with_output_at(terminal, print);
  std::string text;
  std::array<char, 4096> part{};
  // Until the end: an error once the terminal is closed and what it got has been read.
  for (ssize_t size = 0; (size = ::read(screen, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  ::close(screen);
  return text;
}

std::string in_a_file(const std::function<void()>& print) {
  const test::TemporaryDirectory folder;
  const auto path = folder.path() / "out";
  with_output_at(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), print);
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Terminal, ResultsBeginALineOfTheirOwnWhileProgressIsShown) {
  const std::string text = on_a_terminal([] {
    Progress progress("matmul", 2);
    progress.step("first");
    print_results("Device: x\n");
  });
  EXPECT_NE(text.find("matmul:    1/2 first\x1b[K\r\nDevice: x\r\n"), std::string::npos) << text;
}

TEST(Terminal, MessageBeginsALineOfItsOwnWhileProgressIsShown) {
  const std::string text = on_a_terminal([] {
    Progress progress("matmul", 2);
    progress.step("first");
    print_message("x is wrong");
  });
  EXPECT_NE(text.find("first\x1b[K\r\ndovetail: x is wrong\r\n"), std::string::npos) << text;
}

TEST(Terminal, ProgressThatEndedLeavesNoEmptyLine) {
  const std::string text = on_a_terminal([] {
    { Progress("matmul", 1).step("first"); }
    print_results("Device: x\n");
  });
  EXPECT_NE(text.find(" s\x1b[K\r\nDevice: x\r\n"), std::string::npos) << text;
}

TEST(Terminal, ResultsStandBeforeALaterMessageInAFile) {
  const std::string text = in_a_file([] {
    print_results("Device: x\nMatmul: y\n");
    print_message("the report is in z");
  });
  EXPECT_EQ(text, "Device: x\nMatmul: y\ndovetail: the report is in z\n");
}

}  // namespace
}  // namespace dovetail::tool
