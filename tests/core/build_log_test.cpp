// SPDX-License-Identifier: Apache-2.0
#include "lib/core/build_log.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "dovetail/core/error.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail::detail {
namespace {

using test::expect_parts;

constexpr std::string_view pocl_log =
    "error: /root/.cache/pocl/kcache/tempfile_Ws8wJ5.cl:5:12: use of undeclared identifier 'x'\n"
    "warning: /root/.cache/pocl/kcache/tempfile_Ws8wJ5.cl:5:1: unused variable\n"
    "error: kernels/ops/x.cl:2:4: expected ';'\n"
    "Device pthread-skylake-avx512-Intel(R) Xeon(R) Processor failed to build the program\n";

constexpr std::string_view nvidia_log =
    "<kernel>:3:12: error: use of undeclared identifier 'x'\n"
    "  out[0] = x;\n"
    "           ^\n"
    "<kernel>:4:3: warning: unused variable\n"
    "<kernel>:7:1: fatal error: 'h.h' file not found\n"
    "\n";

constexpr std::string_view source =
    "kernel void f(global int* out) {\n"
    "  // 2\n"
    "  out[0] = x;\n"
    "  // 4\n"
    "  // 5\n"
    "  // 6\n"
    "}\n";

TEST(BuildLog, ParsesPoclErrors) {
  const auto errors = errors_in(pocl_log);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].file, "/root/.cache/pocl/kcache/tempfile_Ws8wJ5.cl");
  EXPECT_EQ(errors[0].line, 5u);
  EXPECT_EQ(errors[0].column, 12u);
  EXPECT_EQ(errors[0].message, "use of undeclared identifier 'x'");
  EXPECT_EQ(errors[1].file, "kernels/ops/x.cl");
  EXPECT_EQ(errors[1].line, 2u);
}

TEST(BuildLog, ParsesNvidiaErrors) {
  const auto errors = errors_in(nvidia_log);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors[0].file, "<kernel>");
  EXPECT_EQ(errors[0].line, 3u);
  EXPECT_EQ(errors[0].column, 12u);
  EXPECT_EQ(errors[0].message, "use of undeclared identifier 'x'");
  EXPECT_EQ(errors[1].line, 7u);
  EXPECT_EQ(errors[1].message, "'h.h' file not found");
}

TEST(BuildLog, ParsesNvidiaAndIntelErrorsAmidNotesAndQuotes) {
  const auto nvidia = errors_in(
      "1 warning and 2 errors generated.\n"
      "In file included from <kernel>:2:\n"
      "/tmp/i/h.h:1:9: error: expected expression\n"
      "int a = ;\n"
      "        ^\n"
      "<kernel>:4:7: error: use of undeclared identifier 'bad'; did you mean 'mad'?\n"
      "cl_kernel.h:4644:27: note: 'mad' declared here\n"
      "<kernel>:4:6: warning: incompatible pointer to integer conversion\n");
  ASSERT_EQ(nvidia.size(), 2u);
  EXPECT_EQ(nvidia[0].file, "/tmp/i/h.h");
  EXPECT_EQ(nvidia[0].message, "expected expression");
  EXPECT_EQ(nvidia[1].file, "<kernel>");
  EXPECT_EQ(nvidia[1].line, 4u);
  const auto intel = errors_in(
      "Compilation started\n"
      "1:5:12: error: use of undeclared identifier 'undeclared_thing'\n"
      "    5 |   out[0] = undeclared_thing;\n"
      "      |            ^~~~~~~~~~~~~~~~\n"
      "1:1:5: note: 'helper' declared here\n"
      "Compilation failed\n");
  ASSERT_EQ(intel.size(), 1u);
  EXPECT_EQ(intel[0].file, "1");
  EXPECT_EQ(intel[0].line, 5u);
  EXPECT_EQ(intel[0].column, 12u);
}

TEST(BuildLog, FindsNoErrorsInOtherText) {
  for (const char* log :
       {"", "\n", "error", "error:", "error: ", "error: 1:2", "x.cl:1: error: oh no",
        ":::::", "x.cl:99999999999999999999:1: error: far", "x.cl:0:1: error: before the first",
        "x.cl:1:2: note: declared here", "ptxas fatal : Unresolved extern function 'g'",
        "In file included from <kernel>:1:"}) {
    EXPECT_TRUE(errors_in(log).empty()) << log;
    EXPECT_EQ(quote_errors(log, "x.cl", source), "") << log;
  }
}

TEST(BuildLog, QuotesTwoLinesAroundAnErrorAndACaret) {
  EXPECT_EQ(quote_errors("<kernel>:3:12: error: no x\n", "f.cl", source),
            "f.cl:3:12: no x\n"
            "    1 | kernel void f(global int* out) {\n"
            "    2 |   // 2\n"
            ">   3 |   out[0] = x;\n"
            "      |            ^\n"
            "    4 |   // 4\n"
            "    5 |   // 5\n");
}

TEST(BuildLog, QuotesErrorsAtBothEndsOfTheSource) {
  EXPECT_EQ(
      quote_errors("error: /tmp/a.cl:1:1: first\nerror: /tmp/a.cl:7:2: last\n", "f.cl", source),
      "f.cl:1:1: first\n"
      ">   1 | kernel void f(global int* out) {\n"
      "      | ^\n"
      "    2 |   // 2\n"
      "    3 |   out[0] = x;\n"
      "f.cl:7:2: last\n"
      "    5 |   // 5\n"
      "    6 |   // 6\n"
      ">   7 | }\n"
      "      |  ^\n");
  EXPECT_EQ(quote_errors("<kernel>:8:1: error: behind the end", "f.cl", source), "");
  EXPECT_EQ(quote_errors("<kernel>:1:900: error: far right", "f.cl", "x\r\n"),
            "f.cl:1:900: far right\n"
            ">   1 | x\n"
            "      |  ^\n");
}

TEST(BuildLog, QuotesThreeErrorsAtMost) {
  std::string log;
  for (int i = 1; i <= 5; ++i) log += "<kernel>:" + std::to_string(i) + ":1: error: e\n";
  const std::string text = quote_errors(log, "f.cl", source);
  expect_parts(text, "f.cl:1:1", "f.cl:2:1", "f.cl:3:1");
  EXPECT_EQ(text.find("f.cl:4:1"), std::string::npos) << text;
}

TEST(BuildLog, CaretMarksTheColumnAfterTabsAndMultibyteLetters) {
  expect_parts(quote_errors("<kernel>:1:6: error: e", "f.cl", "\t\xc3\xa4 \tx;\n"),
               ">   1 | \t\xc3\xa4 \tx;\n"
               "      | \t  \t^\n");
}

TEST(BuildLog, CountsLinesByTheirDirectives) {
  constexpr std::string_view text =
      "#line 1 \"kernels/ops/x.cl\"\n"
      "first\n"
      "second\n"
      "# 40 \"other.cl\"\n"
      "forty\n";
  expect_parts(quote_errors("error: kernels/ops/x.cl:2:3: e", "name", text),
               "kernels/ops/x.cl:2:3: e\n", ">   2 | second\n      |   ^\n");
  expect_parts(quote_errors("other.cl:40:1: error: e", "name", text), "other.cl:40:1: e\n",
               ">  40 | forty\n");
  // NVIDIA's compiler counts the directive, too.
  expect_parts(quote_errors("<kernel>:3:1: error: e", "name", text), "name:3:1: e\n",
               ">   3 | second\n");
}

TEST(BuildLog, QuotesTheIncludedFileNotTheSource) {
  const test::TemporaryDirectory folder;
  const std::string header = (folder.path() / "h.h").string();
  std::ofstream(header) << "int one;\nint two two;\n";
  const std::string_view text = "#include \"h.h\"\nmain\n";
  expect_parts(quote_errors(header + ":2:9: error: e", "f.cl", text), header + ":2:9: e\n",
               ">   2 | int two two;\n      |         ^\n");
  EXPECT_EQ(quote_errors("gone/h.h:2:1: error: e", "f.cl", text), "");
}

TEST(BuildLog, QuotesNothingFromWhatCannotBeRead) {
  const test::TemporaryDirectory folder;
  const auto large = folder.path() / "large.h";
  std::ofstream(large) << "text\n";
  std::filesystem::resize_file(large, std::uintmax_t{20} << 30);
  for (const std::string& file :
       {folder.path().string(), large.string(), std::string("/proc/self/mem")}) {
    EXPECT_EQ(quote_errors("error: " + file + ":9:1: e", "f.cl", source), "") << file;
  }
}

TEST(BuildLog, BuildErrorsTextHoldsTheQuotesAndTheLog) {
  const BuildError error(CL_BUILD_PROGRAM_FAILURE, "f.cl", "-DN=1", std::string(nvidia_log),
                         SourceLocation::current(), source);
  expect_parts(error.quotes(), ">   3 |   out[0] = x;\n", ">   7 | }\n");
  expect_parts(error.what(), "'f.cl'", "-DN=1", error.quotes() + "the log:\n" + error.log());
}

}  // namespace
}  // namespace dovetail::detail
