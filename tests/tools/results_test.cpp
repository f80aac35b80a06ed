// SPDX-License-Identifier: Apache-2.0
#include "tools/results/results.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/context.hpp"
#include "tools/results/tables.hpp"

namespace dovetail::tool {
namespace {

TEST(Results, OnlyARejectionIsAFailedVerification) {
  Results results;
  results.skip("matmul: a", "too large");
  EXPECT_TRUE(results.verified);
  results.reject("matmul: b", "WRONG RESULT");
  EXPECT_FALSE(results.verified);
  EXPECT_EQ(results.skipped.size(), 2U);
}

TEST(Results, IdenticalReasonsAreOneLineOfTheTables) {
  Results results;
  results.skip("matmul: square 2048 reference", "slow by design");
  results.skip("matmul: square 4096", "too large");
  results.skip("matmul: odd 257 reference", "slow by design");
  results.skip("scaling: path clblast", "too large");
  const std::string text = tables(results, Context::default_context().device());
  EXPECT_NE(text.find("\nNot measured\n"
                      "  matmul: square 2048 reference, odd 257 reference: slow by design\n"
                      "  matmul: square 4096, scaling: path clblast: too large\n"),
            std::string::npos)
      << text;
}

TEST(Results, DifferentReasonsStayApart) {
  EXPECT_EQ(by_reason({{"a", "1"}, {"b", "2"}}).size(), 2U);
  EXPECT_TRUE(by_reason({}).empty());
}

}  // namespace
}  // namespace dovetail::tool
