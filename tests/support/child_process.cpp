// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace dovetail::test {
namespace {

constexpr std::string_view child_mark = "DOVETAIL_TEST_CHILD=1";

std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> block{};
  for (ssize_t size = 0; (size = ::read(file, block.data(), block.size())) > 0;) {
    text.append(block.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> entries;
  for (const auto& [name, value] : added) entries.push_back(name + "=" + value);
  entries.emplace_back(child_mark);
  const std::size_t added_count = entries.size();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (std::size_t i = 0; i < added_count; ++i) {
      replaced |= text.starts_with(entries[i].substr(0, entries[i].find('=') + 1));
    }
    // ctest's sharding would leave the one test out.
    if (!replaced && !text.starts_with("GTEST_")) entries.emplace_back(text);
  }
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

bool in_child() { return std::getenv("DOVETAIL_TEST_CHILD") != nullptr; }

ChildResult run_again_in_child(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test->test_suite_name()) + "." + test->name();
  std::vector<std::string> arguments{"/proc/self/exe", "--gtest_filter=" + name,
                                     "--gtest_color=no"};
  std::vector<std::string> variables = environment_with(environment);

  std::array<int, 2> pipe_ends{};
  if (::pipe(pipe_ends.data()) != 0) throw std::runtime_error("pipe failed");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
  posix_spawn_file_actions_addclose(&actions, pipe_ends[1]);
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr,
                                    pointers_to(arguments).data(), pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  ChildResult result;
  if (failure == 0) {
    result.output = read_all(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    // A filter that matches nothing exits with 0 too, so the test's own line is asked for.
    result.passed = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                    result.output.find("[       OK ] " + name) != std::string::npos;
    if (WIFSIGNALED(status)) {
      result.output += "\nended by signal " + std::to_string(WTERMSIG(status)) + "\n";
    }
  }
  ::close(pipe_ends[0]);
  return result;
}

}  // namespace dovetail::test
