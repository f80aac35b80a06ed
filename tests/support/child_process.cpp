// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <fcntl.h>
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

std::vector<std::string> environment_with(const Variables& added) {
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

ProgramEnd run_this_program(std::vector<std::string> arguments, const Variables& environment) {
  constexpr const char* program = "/proc/self/exe";
  arguments.insert(arguments.begin(), program);
  std::vector<std::string> variables = environment_with(environment);

  std::array<int, 2> pipe_ends{};
  // Closed in other children, which would keep the reader of this one's output waiting.
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, program, &actions, nullptr,
                                    pointers_to(arguments).data(), pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  ProgramEnd end;
  if (failure == 0) {
    end.output = read_all(pipe_ends[0]);
    ::waitpid(child, &end.status, 0);
  }
  ::close(pipe_ends[0]);
  if (failure != 0) throw std::runtime_error("posix_spawn failed");
  return end;
}

ChildResult run_again_in_child(const Variables& environment) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test->test_suite_name()) + "." + test->name();
  ProgramEnd end = run_this_program({"--gtest_filter=" + name, "--gtest_color=no"}, environment);
  ChildResult result;
  // A filter that matches nothing exits with 0 too, so the test's own line is asked for.
  result.passed = WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0 &&
                  end.output.find("[       OK ] " + name) != std::string::npos;
  result.output = std::move(end.output);
  if (WIFSIGNALED(end.status)) {
    result.output += "\nended by signal " + std::to_string(WTERMSIG(end.status)) + "\n";
  }
  return result;
}

}  // namespace dovetail::test
