// SPDX-License-Identifier: Apache-2.0
// Runs the workload once for each OpenCL call that it makes, with that call failing; each run is a
// process of its own. Prints what came of the calls of each entry point, and exits with 1 if a run
// crashed, hung, or ended as it should not.
//
//   dovetail_fault_sweep [--every <k>] [--entry <name>] [--commands] [--jobs <n>] [--limit <s>]
//   dovetail_fault_sweep --run <name> --skip <n> [--commands]
//
// --every <k>     each k-th call of each entry point, the first included
// --entry <name>  calls of this entry point only
// --commands      commands fail, as far as queries of their status tell
// --jobs <n>      so many at a time, 2 if not given
// --limit <s>     seconds that a run may take, 60 if not given
// --run, --skip   one run, in this process; prints what was thrown
//
// Both layers are needed, the counting one next to the driver:
// OPENCL_LAYERS=<path>/libDovetailLayer.so:<path>/libDovetailFailingLayer.so
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/faults/sweep/one_run.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/threads.hpp"

namespace dovetail::sweep {
namespace {

struct Options {
  std::uint64_t every = 1, skip = 0;
  int jobs = 2;
  unsigned limit = 60;
  std::string entry, run;
  bool is_counting = false, has_commands = false;
};

Options options_of(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&]() -> std::string {
      if (++i == count) throw std::invalid_argument(name + " needs a value");
      return arguments[i];
    };
    if (name == "--every") {
      options.every = std::max(1ULL, std::stoull(value()));
    } else if (name == "--entry") {
      options.entry = value();
    } else if (name == "--commands") {
      options.has_commands = true;
    } else if (name == "--jobs") {
      options.jobs = std::stoi(value());
    } else if (name == "--limit") {
      options.limit = static_cast<unsigned>(std::stoul(value()));
    } else if (name == "--run") {
      options.run = value();
    } else if (name == "--skip") {
      options.skip = std::stoull(value());
    } else if (name == "--count") {
      options.is_counting = true;
    } else {
      throw std::invalid_argument("no such option: " + name);
    }
  }
  return options;
}

/// Counts the workload's calls of each entry point.
std::map<std::string, std::uint64_t> calls_of_the_workload() {
  test::ProgramEnd end;
  // The first run fills the program caches, so that the second equals all later ones.
  for (int i = 0; i < 2; ++i) end = test::run_this_program({"--count"});
  if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0) {
    throw std::runtime_error("the workload fails without a fault:\n" + end.output);
  }
  std::map<std::string, std::uint64_t> calls;
  std::istringstream lines(end.output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("cl")) continue;
    const std::size_t space = line.find(' ');
    calls[line.substr(0, space)] = std::stoull(line.substr(space));
  }
  return calls;
}

/// The outcomes of the runs of one entry point.
struct Row {
  std::uint64_t calls = 0, runs = 0, absorbed = 0, typed = 0, not_reached = 0, defects = 0;

  Row& operator+=(const Row& other) {
    calls += other.calls;
    runs += other.runs;
    absorbed += other.absorbed;
    typed += other.typed;
    not_reached += other.not_reached;
    defects += other.defects;
    return *this;
  }
  void print(const char* name) const {
    std::printf("%-42s %6llu %6llu %8llu %6llu %11llu %7llu\n", name, ull(calls), ull(runs),
                ull(absorbed), ull(typed), ull(not_reached), ull(defects));
  }
  static unsigned long long ull(std::uint64_t value) { return value; }
};

/// Returns the defect that a process has shown, or nothing, and counts it in `row`.
std::string defect_of(int status, Row& row) {
  ++row.runs;
  if (WIFEXITED(status)) {
    switch (static_cast<Outcome>(WEXITSTATUS(status))) {
      case Outcome::absorbed:
        ++row.absorbed;
        return {};
      case Outcome::typed:
        ++row.typed;
        return {};
      case Outcome::not_reached:
        ++row.not_reached;
        return {};
      case Outcome::foreign:
        return "foreign exception";
      case Outcome::wrong:
        return "wrong result";
      case Outcome::unrecoverable:
        return "not recoverable";
      case Outcome::leaked:
        return "leaked context";
    }
    return "exit code " + std::to_string(WEXITSTATUS(status));
  }
  if (WTERMSIG(status) == SIGALRM) return "hang";
  return "signal " + std::to_string(WTERMSIG(status));
}

std::vector<Choice> choices_of(const std::map<std::string, std::uint64_t>& calls,
                               const Options& options) {
  std::vector<Choice> choices;
  for (const auto& [name, count] : calls) {
    if (!options.entry.empty() && name != options.entry) continue;
    if (options.has_commands && name != "clGetEventInfo") continue;
    for (std::uint64_t skip = 0; skip < count; skip += options.every) {
      choices.push_back({.entry_point = name, .skip = skip, .is_command = options.has_commands});
    }
  }
  return choices;
}

int sweep(const Options& options) {
  const auto calls = calls_of_the_workload();
  const std::vector<Choice> choices = choices_of(calls, options);
  std::map<std::string, Row> rows;
  std::mutex mutex;
  std::atomic<std::size_t> next = 0;
  test::on_threads(options.jobs, [&](int) {
    for (std::size_t i = next++; i < choices.size(); i = next++) {
      const Choice& choice = choices[i];
      std::vector<std::string> arguments{"--run",   choice.entry_point,
                                         "--skip",  std::to_string(choice.skip),
                                         "--limit", std::to_string(options.limit)};
      if (choice.is_command) arguments.emplace_back("--commands");
      const test::ProgramEnd end = test::run_this_program(arguments);
      const std::scoped_lock lock(mutex);
      Row& row = rows[choice.entry_point];
      const std::string defect = defect_of(end.status, row);
      if (defect.empty()) continue;
      ++row.defects;
      std::printf("DEFECT, %s: dovetail_fault_sweep", defect.c_str());
      for (const std::string& argument : arguments) std::printf(" %s", argument.c_str());
      std::printf("\n%s\n", end.output.c_str());
      std::fflush(stdout);
    }
  });
  Row total;
  std::printf("%-42s %6s %6s %8s %6s %11s %7s\n", "entry point", "calls", "runs", "absorbed",
              "typed", "not reached", "defects");
  for (auto& [name, row] : rows) {
    row.calls = calls.at(name);
    row.print(name.c_str());
    total += row;
  }
  total.print("all");
  return total.defects == 0 && total.runs != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run(const Options& options) {
  ::alarm(options.limit);  // ends the process wherever it hangs
  if (options.is_counting) return count_calls() ? EXIT_SUCCESS : EXIT_FAILURE;
  return static_cast<int>(run_with(
      {.entry_point = options.run, .skip = options.skip, .is_command = options.has_commands}));
}

}  // namespace
}  // namespace dovetail::sweep

int main(int count, char** arguments) {
  using namespace dovetail::sweep;
  try {
    const Options options = options_of(count, arguments);
    if (options.is_counting || !options.run.empty()) return run(options);
    return sweep(options);
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 2;
  }
}
