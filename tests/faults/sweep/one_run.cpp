// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/sweep/one_run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "tests/faults/sweep/workload.hpp"
#include "tests/support/call_counts.hpp"
#include "tests/support/fault.hpp"
#include "tests/support/object_balance.hpp"

namespace dovetail::sweep {
namespace {

test::ObjectBalance balance() { return {test::calls_so_far(), test::totals().events, 0}; }

/// Returns whether all references to contexts except `kept` are released in time.
bool are_contexts_given_back(std::int64_t kept) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 1000 && balance().contexts > kept; ++i) {  // a thread gives imports back
    std::this_thread::sleep_for(10ms);
  }
  std::printf("objects held: %s\n", balance().str().c_str());
  return balance().contexts <= kept;
}

/// Returns how many references to contexts stay when a release fails: that of the context itself,
/// or of imported memory, which keeps the tensor that it was imported from.
std::int64_t contexts_kept(const std::string& entry_point) {
  if (entry_point == "clReleaseContext") return 1;
  return entry_point == "clReleaseMemObject" ? 3 : 0;
}

/// Returns the status with which a driver would fail that entry point.
cl_int status_for(const std::string& entry_point) {
  const bool allocates = entry_point.starts_with("clCreate") || entry_point.starts_with("clRetain");
  return allocates ? CL_OUT_OF_HOST_MEMORY : CL_OUT_OF_RESOURCES;
}

std::shared_ptr<test::Fault> fault_of(const Choice& choice) {
  const test::FaultOptions options{.skip = choice.skip, .status = status_for(choice.entry_point)};
  if (choice.is_command) return std::make_shared<test::CommandFault>(options);
  return std::make_shared<test::Fault>(choice.entry_point, options);
}

void print(const char* pass, const std::vector<Failure>& failures) {
  for (const Failure& failure : failures) std::printf("%s: %s\n", pass, failure.text.c_str());
}

bool is_any(const std::vector<Failure>& failures, Failing how) {
  return std::ranges::count(failures, how, &Failure::how) != 0;
}

/// Runs the workload with the fault, resets, and runs it without the fault.
Outcome run_twice(const Choice& choice) {
  Workload workload;
  std::vector<Failure> failures;
  std::uint64_t fired = 0;
  {
    const auto fault = fault_of(choice);
    failures = workload.run();
    fired = fault->fired();
  }
  print("with the fault", failures);
  try {
    workload.recover();
    const std::vector<Failure> later = workload.run();
    print("after the reset", later);
    if (!later.empty()) return Outcome::unrecoverable;
  } catch (const std::exception& error) {
    std::printf("while resetting: %s\n", error.what());
    return Outcome::unrecoverable;
  }
  if (is_any(failures, Failing::wrong)) return Outcome::wrong;
  if (is_any(failures, Failing::foreign)) return Outcome::foreign;
  if (fired == 0) return Outcome::not_reached;
  return failures.empty() ? Outcome::absorbed : Outcome::typed;
}

}  // namespace

Outcome run_with(const Choice& choice) {
  const Outcome outcome = run_twice(choice);
  const bool is_leaked = !are_contexts_given_back(contexts_kept(choice.entry_point));
  return is_leaked && outcome < Outcome::foreign ? Outcome::leaked : outcome;
}

bool count_calls() {
  bool is_right = false;
  {
    Workload workload;
    const test::Calls calls = test::calls_during([&] {
      const std::vector<Failure> failures = workload.run();
      print("without a fault", failures);
      is_right = failures.empty();
    });
    for (const auto& [name, times] : calls) {
      std::printf("%s %llu\n", name.c_str(), static_cast<unsigned long long>(times));
    }
  }
  return are_contexts_given_back(0) && is_right;
}

}  // namespace dovetail::sweep
