// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/build_options.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::text_thrown;

TEST(BuildOptions, AreTextInTheOrderGiven) {
  EXPECT_EQ(BuildOptions().str(), "");
  EXPECT_EQ(BuildOptions()
                .define("TILE", 16)
                .define("T", "float")
                .define("_FLAG")
                .fast_math()
                .mad()
                .standard("CL1.2")
                .str(),
            "-DTILE=16 -DT=float -D_FLAG -cl-fast-relaxed-math -cl-mad-enable -cl-std=CL1.2");
  EXPECT_EQ(BuildOptions().define("N", -3).define("M", 1ull << 63).str(),
            "-DN=-3 -DM=9223372036854775808");
}

TEST(BuildOptions, RefuseANameThatIsNoIdentifier) {
  for (const char* name : {"", "1A", "A B", "A-B", "A=1", "A(x)", "\xc3\xa4"}) {
    expect_parts(text_thrown<InvalidArgument>([&] { BuildOptions().define(name); }),
                 "[BuildOptions::define]", "'" + std::string(name) + "'", "no C identifier");
    EXPECT_THROW(BuildOptions().define(name, "1"), InvalidArgument) << name;
  }
}

TEST(BuildOptions, RefuseAValueThatDriversSplitDifferently) {
  for (const char* value : {"a b", "a\tb", "\"a\"", "'a'", "a\\b", "a\n"}) {
    expect_parts(text_thrown<InvalidArgument>([&] { BuildOptions().define("NAME", value); }),
                 "[BuildOptions::define]", "NAME", value, "put it into the source instead");
  }
}

TEST(BuildOptions, StayAsTheyWereAfterARefusal) {
  BuildOptions options;
  options.define("A", 1);
  EXPECT_THROW(options.define("B", "x y"), InvalidArgument);
  EXPECT_EQ(options.str(), "-DA=1");
}

}  // namespace
}  // namespace dovetail
