// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it: exit codes, messages, files.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "tests/support/temporary_directory.hpp"
#include "tests/tools/run_tool.hpp"

namespace dovetail::tool {
namespace {

using test::TemporaryDirectory;

void expect_refusal(const std::string& arguments, const std::string& message) {
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.exit_code, 2) << arguments << "\n" << outcome.output;
  EXPECT_NE(outcome.output.find(message), std::string::npos) << arguments << "\n" << outcome.output;
}

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
  expect_refusal("matmul --dtype f32,f8", "f8");
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
  expect_refusal("matmul --shapes /tmp", "cannot read the file '/tmp'");
}

TEST(Command, RefusesPlacesItCannotWriteToBeforeItMeasures) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << "x";
  expect_refusal("report --quick --out " + (file / "below").string(),
                 "--out: cannot make the folder");
  expect_refusal("handoff --quick --json " + (file / "below.json").string(), "cannot write");
}

TEST(Command, RefusesFullDisksBeforeItMeasures) {
  const TemporaryDirectory folder;
  for (const char* name : {"report.json", "report.html", "results.json"}) {
    std::filesystem::create_symlink("/dev/full", folder.path() / name);
    expect_refusal("report --quick --json " + (folder.path() / "results.json").string() +
                       " --out " + folder.path().string(),
                   "cannot write '" + (folder.path() / name).string() + "'");
    std::filesystem::remove(folder.path() / name);
  }
}

TEST(Command, LeavesAFileAsItWasWhereTheNewOneCannotBeWrittenWhole) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "info.json";
  std::ofstream(file) << "{}";
  // Files of up to 512 bytes.
  const Outcome outcome = run("info --json " + file.string(), "trap '' XFSZ; ulimit -f 1;");
  EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("cannot write"), std::string::npos) << outcome.output;
  EXPECT_EQ(read_json(file), Json::object());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Command, WritesToAPipeWithANameAtOnce) {
  const TemporaryDirectory folder;
  const auto pipe = folder.path() / "pipe", file = folder.path() / "info.json";
  const Outcome outcome = run("info --json " + pipe.string(),
                              "mkfifo " + pipe.string() + "; timeout 30 cat " + pipe.string() +
                                  " > " + file.string() + " & timeout 30");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  for (int i = 0; i < 1000 && std::filesystem::file_size(file) == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(read_json(file).at("schema"), 1);
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

TEST(Command, JsonWithoutAFileGoesToStandardOutput) {
  const Outcome outcome = run("info --json");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(Json::parse(outcome.output).at("schema"), 1);
}

TEST(Command, ResultsFollowTheProgressOnLinesOfTheirOwn) {
  const Outcome outcome = run("handoff --quick --steps 20");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const auto progress = outcome.output.find("handoff: 2 of 2 in ");
  const auto results = outcome.output.find("\nDevice: ");
  ASSERT_NE(progress, std::string::npos) << outcome.output;
  ASSERT_NE(results, std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find('\n', progress), results) << outcome.output;
}

TEST(Command, WorkerAnswersAnUnknownRequestWithAnError) {
  const TemporaryDirectory folder;
  const auto requests = folder.path() / "requests", answers = folder.path() / "answers";
  // With all that a run takes but the name of a request.
  std::ofstream(requests) << R"({"do":"frobnicate","cell":[1,0,0,0,1],"ops":1,"start":0})"
                          << "\n"
                          << R"({"do":"worker.is_counting"})"
                          << "\n";
  const Outcome outcome = run("worker 3<" + requests.string() + " 4>" + answers.string());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  std::ifstream file(answers);
  std::string first, second;
  ASSERT_TRUE(std::getline(file, first) && std::getline(file, second)) << outcome.output;
  EXPECT_NE(first.find("there is no request 'frobnicate'"), std::string::npos) << first;
  EXPECT_EQ(second, "false");
}

}  // namespace
}  // namespace dovetail::tool
