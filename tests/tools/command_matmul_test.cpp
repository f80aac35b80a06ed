// SPDX-License-Identifier: Apache-2.0
// The commands that multiply, as a user runs them: what they verify, count, skip and write.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.hpp"
#include "tests/tools/run_tool.hpp"

namespace dovetail::tool {
namespace {

using test::TemporaryDirectory;

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
  const Json report = read_json(file);
  EXPECT_EQ(report.at("matmul").size(), 8U);
  const double peak = report.at("peak").at("f32_gflops").at("median");
  for (const Json& row : report.at("matmul")) {
    EXPECT_LT(row.at("relative_error"), 1e-6) << row;
    EXPECT_GT(row.at("gflops"), 0) << row;
    EXPECT_DOUBLE_EQ(row.at("fraction_of_peak"), row.at("gflops").get<double>() / peak) << row;
    EXPECT_TRUE(row.at("threads").is_null()) << row;
  }
  const double nbytes = 4 * (33 * 65 + 65 * 17 + 33 * 17);
  EXPECT_DOUBLE_EQ(report.at("matmul").at(0).at("flop_per_byte"), 2 * 33 * 17 * 65 / nbytes);
}

TEST(Command, MatmulCountsTheCallsOfAProduct) {
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto file = folder.path() / "matmul.json";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\ns,x,1,64,64,64,n,n\n";
  const Outcome outcome = run("matmul --quick --backends kernel,clblast --shapes " +
                              shapes.string() + " --json " + file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  for (const Json& row : read_json(file).at("matmul")) {
    SCOPED_TRACE(row.dump());
    for (const char* arguments : {"new_arguments", "same_arguments"}) {
      const Json& calls = row.at("calls").at(arguments);
      std::uint64_t sum = 0;
      for (const Json& count : calls.at("by_name")) sum += count.get<std::uint64_t>();
      EXPECT_EQ(calls.at("total"), sum);
      EXPECT_GE(calls.at("by_name").at("clEnqueueNDRangeKernel"), 1);
    }
    if (row.at("backend") == "kernel") {
      EXPECT_EQ(row.at("calls").at("same_arguments").at("total"), 1);
    }
  }
}

TEST(Command, MatmulVerifiesEveryDtypeAndSkipsWhatIsNotOffered) {
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto file = folder.path() / "matmul.json";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\ns,x,2,33,17,65,n,t\n";
  const Outcome outcome =
      run("matmul --quick --backends kernel,reference --dtype f32,f64,f16,bf16,i8 --shapes " +
          shapes.string() + " --json " + file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const Json report = read_json(file);
  ASSERT_EQ(report.at("matmul").size(), 2U * 5) << outcome.output;
  for (const Json& row : report.at("matmul")) {
    SCOPED_TRACE(row.dump());
    const auto dtype = row.at("dtype").get<std::string>();
    const double most = dtype == "f64"    ? 1e-14
                        : dtype == "f16"  ? 5e-4
                        : dtype == "bf16" ? 4e-3
                                          : 1e-6;
    EXPECT_LT(row.at("relative_error"), most);
    EXPECT_EQ(row.at("fraction_of_peak").is_null(), dtype == "i8");
  }
}

TEST(Command, MatmulSkipsABackendThatCannotBeBuilt) {
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto file = folder.path() / "matmul.json";
  const auto kernels = folder.path() / "kernels";
  std::filesystem::copy(DOVETAIL_TEST_KERNELS, kernels, std::filesystem::copy_options::recursive);
  std::ofstream(kernels / "matmul" / "reference.cl") << "#error broken\n";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\n"
                           "s,x,1,33,17,65,n,t\ns,y,1,33,18,65,n,t\n";
  const Outcome outcome = run("matmul --quick --backends reference,kernel --shapes " +
                                  shapes.string() + " --json " + file.string(),
                              "DOVETAIL_KERNEL_DIR=" + kernels.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const Json report = read_json(file);
  ASSERT_EQ(report.at("matmul").size(), 2U) << outcome.output;
  for (const Json& row : report.at("matmul")) EXPECT_EQ(row.at("backend"), "kernel");
  std::vector<std::string> skipped;
  for (const Json& entry : report.at("skipped")) skipped.push_back(entry.at("what"));
  for (const char* what : {"matmul: s x reference", "matmul: s y reference"}) {
    EXPECT_NE(std::ranges::find(skipped, what), skipped.end()) << what << "\n" << outcome.output;
  }
}

TEST(Command, MatmulTellsOnceOfATypeThatABackendDoesNotOffer) {
  if (run("matmul --quick --backends clblast --sets nowhere").output.find("not available") !=
      std::string::npos) {
    GTEST_SKIP() << "this build has no CLBlast";
  }
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto file = folder.path() / "matmul.json";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\n"
                           "s,x,1,3,4,5,n,t\ns,y,1,6,7,8,n,t\n";
  const Outcome outcome = run("matmul --quick --backends clblast --dtype bf16 --shapes " +
                              shapes.string() + " --json " + file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const Json report = read_json(file);
  EXPECT_EQ(report.at("matmul").size(), 0U);
  EXPECT_EQ(std::ranges::count(report.at("skipped"), "matmul: backend clblast, bf16",
                               [](const Json& entry) { return entry.at("what"); }),
            1)
      << report.at("skipped");
}

TEST(Command, TuneWritesAllThatIsKnownToTheFile) {
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto user = folder.path() / "user.csv", file = folder.path() / "below" / "out.csv";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\ns,x,1,33,17,65,n,t\n";
  const std::string arguments = "tune --quick --shapes " + shapes.string() + " --out ";
  ASSERT_EQ(run(arguments + user.string()).exit_code, 0);
  const Outcome outcome = run(arguments + file.string(), "DOVETAIL_TUNING_FILE=" + user.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_NE(outcome.output.find("0 of 1 products tuned"), std::string::npos) << outcome.output;
  const auto read = [](const std::filesystem::path& path) {
    std::ifstream stream(path);
    return std::string{std::istreambuf_iterator<char>(stream), {}};
  };
  EXPECT_NE(read(file).find(",float32,n,t,1,33,17,65,"), std::string::npos) << outcome.output;
  EXPECT_EQ(read(file), read(user));
}

TEST(Command, MatmulTakesTheBetterOfOpenBlasNumbersOfThreads) {
  if (run("matmul --quick --backends openblas --sets nowhere").output.find("not available") !=
      std::string::npos) {
    GTEST_SKIP() << "no libopenblas.so.0";
  }
  const TemporaryDirectory folder;
  const auto shapes = folder.path() / "shapes.csv";
  const auto file = folder.path() / "matmul.json";
  std::ofstream(shapes) << "set,name,batch,m,n,k,transpose_a,transpose_b\ns,x,1,64,65,66,n,t\n";
  const Outcome outcome = run("matmul --quick --backends openblas --dtype f32,f64,i8 --shapes " +
                              shapes.string() + " --json " + file.string());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const Json report = read_json(file);
  ASSERT_EQ(report.at("matmul").size(), 2U);  // one row a dtype; i8 it has not
  for (const Json& row : report.at("matmul")) {
    const Json& threads = row.at("threads");
    EXPECT_TRUE(threads == 1 || threads == report.at("host").at("cores")) << row;
    EXPECT_TRUE(row.at("calls").is_null()) << row;
  }
  ASSERT_EQ(report.at("skipped").size(), 1U);
  EXPECT_EQ(report.at("skipped").at(0).at("what"), "matmul: backend openblas, i8");
}

}  // namespace
}  // namespace dovetail::tool
