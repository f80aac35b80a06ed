// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it: exit codes, messages, files.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/temporary_directory.hpp"

namespace dovetail::tool {
namespace {

using Json = nlohmann::json;
using test::TemporaryDirectory;

struct Outcome {
  int exit_code;
  std::string output;  ///< Standard output, then standard error, as they came.
};

Outcome run(const std::string& arguments, const std::string& environment = "") {
  const std::string command =
      environment + " '" + std::getenv("DOVETAIL_TOOL") + "' " + arguments + " 2>&1 </dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) {
    output.append(part.data(), size);
  }
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, std::move(output)};
}

void expect_refusal(const std::string& arguments, const std::string& message) {
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.exit_code, 2) << arguments << "\n" << outcome.output;
  EXPECT_NE(outcome.output.find(message), std::string::npos) << arguments << "\n" << outcome.output;
}

Json read_json(const std::filesystem::path& path) { return Json::parse(std::ifstream(path)); }

TEST(Command, InfoListsDevicesAndEndsWell) {
  const Outcome outcome = run("info");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.output.find("compute units"), std::string::npos) << outcome.output;
}

TEST(Command, HelpAndVersionEndWell) {
  EXPECT_EQ(run("--help").exit_code, 0);
  EXPECT_EQ(run("scaling --help").exit_code, 0);
  EXPECT_EQ(run("--version").exit_code, 0);
}

TEST(Command, RefusesBadUsage) {
  expect_refusal("", "subcommand");
  expect_refusal("frobnicate", "there is no subcommand 'frobnicate'");
  expect_refusal("report --no-such-option", "--no-such-option");
  expect_refusal("scaling --threads 0", "0");
  expect_refusal("scaling --threads two", "two");
  expect_refusal("scaling --paths raw,fast", "--paths: 'fast' is none of: raw, stream");
  expect_refusal("scaling --queues none", "--queues: 'none' is none of: shared, separate");
  expect_refusal("scaling --sync never", "--sync: 'never' is none of: per_op, event");
  expect_refusal("scaling --work hard", "--work: 'hard' is none of: empty, launch");
  expect_refusal("matmul --sets nowhere",
                 "there is no set 'nowhere'; there are: founding, minilm-l6");
  expect_refusal("matmul --backends cublas", "'cublas' is not available; available are: automatic");
  expect_refusal("matmul --dtype f8", "f8");
  expect_refusal("handoff --steps 0", "0");
}

TEST(Command, RefusesAWrongDeviceWithTheListOfThoseThere) {
  expect_refusal("info --device nonesuch", "no OpenCL device matches 'nonesuch'");
  const Outcome outcome = run("matmul --quick", "DOVETAIL_DEVICE=nonesuch");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.output.find("\n  0: "), std::string::npos) << outcome.output;
}

TEST(Command, SaysWhatToInstallWhereThereIsNoDevice) {
  const TemporaryDirectory empty;
  for (const char* command : {"info", "handoff --quick"}) {
    const Outcome outcome = run(command, "OCL_ICD_VENDORS=" + empty.path().string());
    EXPECT_EQ(outcome.exit_code, 3) << outcome.output;
    EXPECT_NE(outcome.output.find("pocl-opencl-icd"), std::string::npos) << outcome.output;
  }
}

TEST(Command, RefusesABadShapesFileByLine) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "shapes.csv";
  std::ofstream(file) << "set,name,batch,m,n,k,transpose_a,transpose_b\ns,x,1,2,3\n";
  expect_refusal("matmul --shapes " + file.string(), file.string() + ":2: 's,x,1,2,3': 5 fields");
  expect_refusal("matmul --shapes /nonexistent.csv", "cannot read the file '/nonexistent.csv'");
}

TEST(Command, RefusesPlacesItCannotWriteToBeforeItMeasures) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << "x";
  expect_refusal("report --quick --out " + (file / "below").string(),
                 "--out: cannot make the folder");
  expect_refusal("handoff --quick --json " + (file / "below.json").string(), "cannot write");
}

TEST(Command, ScalingCountsAndTimesItsCells) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "scaling.json";
  const Outcome outcome =
      run("scaling --quick --threads 1,2 --paths raw,stream --work launch --sync per_op,async "
          "--queues shared,process --json " +
          file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const Json report = read_json(file);
  EXPECT_EQ(report.at("schema"), 1);
  ASSERT_EQ(report.at("scaling").size(), 2U * 2 * 2 * 2);
  for (const Json& row : report.at("scaling")) {
    SCOPED_TRACE(row.dump());
    EXPECT_GT(row.at("ops_per_s").at("min"), 0);
    if (row.at("threads") == 1) {
      EXPECT_EQ(row.at("speedup"), 1);
    }
    const Json& calls = row.at("calls_per_op");
    EXPECT_EQ(calls.at("clEnqueueNDRangeKernel"), 1);
    // Those that repeat are not set again.
    EXPECT_EQ(calls.value("clSetKernelArg", 0), row.at("path") == "raw" ? 3 : 0);
    if (row.at("sync") == "per_op") {
      const bool is_raw = row.at("path") == "raw";
      const double waits = calls.at(is_raw ? "clFinish" : "clWaitForEvents");
      // Of two threads that synchronize one stream at once, one waits for both.
      const bool may_combine = !is_raw && row.at("threads") > 1 && row.at("queue") == "shared";
      if (may_combine) {
        EXPECT_LE(waits, 1);
      } else {
        EXPECT_EQ(waits, 1);
      }
    }
  }
}

TEST(Command, HandoffCountsItsWaits) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "handoff.json";
  const Outcome outcome = run("handoff --quick --steps 20 --json " + file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  for (const Json& row : read_json(file).at("handoff")) {
    EXPECT_EQ(row.at("waits_per_step"), row.at("queues") == "shared" ? 0 : 2) << row;
    // Of three pieces of work, each also follows one on its own queue.
    const int own = row.at("scenario") == "vendor_matmul" ? 3 : 0;
    EXPECT_EQ(row.at("elided_per_step"), row.at("queues") == "shared" ? std::max(2, own) : own)
        << row;
    EXPECT_EQ(row.at("bytes_copied_per_step"), 0) << row;
  }
}

TEST(Command, MatmulVerifiesEveryBackend) {
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto file = folder.path() / "matmul.json";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\n"
                           "s,x,1,33,17,65,n,t\ns,y,3,8,9,10,t,n\n";
  const Outcome outcome =
      run("matmul --quick --backends automatic,clblast,kernel,reference --shapes " +
          shapes.string() + " --json " + file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const Json rows = read_json(file).at("matmul");
  EXPECT_EQ(rows.size(), 8U);
  for (const Json& row : rows) {
    EXPECT_LT(row.at("relative_error"), 1e-6) << row;
    EXPECT_GT(row.at("gflops"), 0) << row;
  }
}

TEST(Command, JsonWithoutAFileGoesToStandardOutput) {
  const Outcome outcome = run("info --json");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(Json::parse(outcome.output).at("schema"), 1);
}

}  // namespace
}  // namespace dovetail::tool
