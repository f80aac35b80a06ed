// SPDX-License-Identifier: Apache-2.0
// Random programs give what their steps give one after another, whatever runs side by side.
//
// DOVETAIL_TEST_SEED=<n> runs the program of that seed, as a failure prints it;
// DOVETAIL_TEST_PROGRAMS=<n> runs so many, from that seed or from 1 on.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/oracles/model_program.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t usual_programs = 1000;
#else
constexpr std::uint64_t usual_programs = 3000;
#endif

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? std::stoull(value) : otherwise;
}

TEST(OrderModel, RandomProgramsGiveTheResultsOfTheirOrder) {
  const std::uint64_t seed = variable("DOVETAIL_TEST_SEED", 1);
  const bool is_one = std::getenv("DOVETAIL_TEST_SEED") != nullptr;
  const std::uint64_t programs = variable("DOVETAIL_TEST_PROGRAMS", is_one ? 1 : usual_programs);
  const test::StepKernel kernel(test::context());
  test::OrderFigures all;
  for (std::uint64_t i = 0; i < programs; ++i) {
    const auto result =
        run_model_program(kernel, test::context(), test::ModelOptions::of_seed(seed + i));
    ASSERT_EQ(result.failure, "") << "Again: DOVETAIL_TEST_SEED=" << seed + i;
    all += result.figures;
  }
  std::cout << "seeds " << seed << " to " << seed + programs - 1 << ": " << all.commands
            << " commands, " << all.dependencies << " dependencies, " << all.elided << " elided, "
            << all.waited << " waited for, of these " << all.needless << " needlessly\n";
  if (programs >= 100) {
    EXPECT_GT(all.elided, all.commands / 10);
    EXPECT_GT(all.waited, all.commands / 10);
    EXPECT_LE(10 * all.needless, all.waited);
  }
}

}  // namespace
}  // namespace dovetail
