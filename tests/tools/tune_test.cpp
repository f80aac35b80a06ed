// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/tune/tune.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"
#include "tools/commands/tune/product_tuner.hpp"
#include "tools/measure/verification.hpp"

namespace dovetail::tool {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Tune : public testing::Test {
 protected:
  TuneOptions options(std::vector<MatmulShape> shapes, DType dtype = DType::f32) const {
    return {.shapes = std::move(shapes), .dtype = dtype, .file = file, .quick = true};
  }
  static MatmulShape shape(std::uint64_t m) { return {"set", "name", 1, m, 33, 21, false, true}; }

  struct Change {
    std::string file, inserted, before;
  };
  /// Runs the test in a process whose kernels are changed.
  void run_again_with(const std::vector<Change>& changes) const {
    const auto kernels = directory.path() / "kernels";
    std::filesystem::copy(DOVETAIL_TEST_KERNELS, kernels, std::filesystem::copy_options::recursive);
    for (const auto& [name, inserted, before] : changes) {
      const auto kernel = kernels / "matmul" / name;
      std::string source = read(kernel);
      ASSERT_NE(source.find(before), std::string::npos) << name;
      source.insert(source.find(before), inserted);
      std::ofstream(kernel) << source;
    }
    const auto child = test::run_again_in_child({{"DOVETAIL_KERNEL_DIR", kernels.string()}});
    EXPECT_TRUE(child.passed) << child.output;
  }

  test::TemporaryDirectory directory;
  std::filesystem::path file = directory.path() / "tuned.csv";
  Results results;
};

TEST_F(Tune, WritesALineForEachShapeAndKeepsThoseThatAreThere) {
  const auto first = run_tune(options({shape(61), shape(62)}), results);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_TRUE(results.verified);
  EXPECT_GT(first[0].choices, 1u);
  EXPECT_GT(first[0].us, 0.0);
  EXPECT_LE(first[0].us, first[0].us_by_rule);
  const auto choices = matmul_choices(Context::default_context().device(), first[0].product);
  EXPECT_NE(std::ranges::find(choices, first[0].tuning.choice), choices.end());
  const std::string written = read(file);
  EXPECT_NE(written.find(",float32,n,t,1,61,33,21,"), std::string::npos) << written;
  EXPECT_NE(written.find(",float32,n,t,1,62,33,21,"), std::string::npos) << written;

  EXPECT_EQ(run_tune(options({shape(61), shape(62), shape(63)}), results).size(), 1u);
  auto again = options({shape(61)});
  again.again = true;
  EXPECT_EQ(run_tune(again, results).size(), 1u);
}

TEST_F(Tune, TakesOtherDTypes) {
  for (const DType dtype : {DType::f16, DType::i8}) {
    const auto rows = run_tune(options({shape(64)}, dtype), results);
    ASSERT_EQ(rows.size(), 1u) << to_string(dtype);
    EXPECT_TRUE(results.verified) << to_string(dtype);
    EXPECT_EQ(to_json(rows)[0]["dtype"], to_string(dtype));
  }
}

TEST_F(Tune, KeepsWhatAnotherTunerWroteMeanwhile) {
  const auto first = run_tune(options({shape(71)}), results);
  ASSERT_EQ(first.size(), 1U);
  TuneRow row = first[0];
  std::ofstream(file, std::ios::app) << "another device,float32,n,n,1,5,6,7,kernel,reference\n";
  row.tuning.backend = MatmulBackend::clblast;
  keep(row, file);
  EXPECT_NE(read(file).find("another device,float32,n,n,1,5,6,7,kernel,reference\n"),
            std::string::npos);
  EXPECT_NE(read(file).find(",float32,n,t,1,71,33,21,clblast,"), std::string::npos) << read(file);
}

TEST_F(Tune, FailsBeforeItMeasuresWhereItCannotWrite) {
  auto nowhere = options({shape(72)});
  nowhere.file = "/proc/none/tuned.csv";
  test::expect_throws<Error>([&] { run_tune(nowhere, results); }, "cannot write",
                             "/proc/none/tuned.csv");
  EXPECT_FALSE(
      has_matmul_tuning(Context::default_context().device(), case_of(shape(72), DType::f32)));
}

// Of the kernels for a vector times a matrix, those that take 8 rows at a time do not build.
TEST_F(Tune, SkipsAChoiceThatCannotBeBuilt) {
  if (Context::default_context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "breaks a kernel for CPUs";
  }
  if (!test::in_child()) {
    return run_again_with(
        {{"cpu/gemv.cl", "#if RESULTS == 8\n#error broken\n#endif\n", "kernel "}});
  }
  const auto rows = run_tune(options({shape(1)}), results);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].tuning.choice.find("width=8"), std::string::npos) << rows[0].tuning.choice;
  EXPECT_TRUE(results.verified);
  ASSERT_EQ(results.skipped.size(), 1U);
  EXPECT_NE(results.skipped[0].what.find("width=8"), std::string::npos);
  EXPECT_NE(results.skipped[0].why.find("broken"), std::string::npos) << results.skipped[0].why;
}

// Of the kernels for a vector times a matrix, those that take 8 rows at a time write nothing.
TEST_F(Tune, TakesNoChoiceThatGivesAWrongResult) {
  if (Context::default_context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "breaks a kernel for CPUs";
  }
  if (!test::in_child()) {
    return run_again_with({{"cpu/gemv.cl", "if (RESULTS != 8) ", "put(total, &work"}});
  }
  const auto rows = run_tune(options({shape(1)}), results);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].tuning.choice.find("width=8"), std::string::npos) << rows[0].tuning.choice;
  EXPECT_FALSE(results.verified);
  ASSERT_FALSE(results.skipped.empty());
  for (const Skipped& skipped : results.skipped) {
    EXPECT_NE(skipped.what.find("width=8"), std::string::npos) << skipped.what;
    EXPECT_NE(skipped.why.find("WRONG RESULT"), std::string::npos) << skipped.why;
  }
}

TEST_F(Tune, EndsWhereNoChoiceGivesTheRightResult) {
  if (Context::default_context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "breaks the kernels for CPUs";
  }
  if (!test::in_child()) {
    return run_again_with({{"cpu/gemv.cl", "if (0) ", "put(total, &work"},
                           {"cpu/panel.cl", "if (0) ", "store_tile(sums, &to)"}});
  }
  test::expect_throws<VerificationFailed>([&] { run_tune(options({shape(1)}), results); },
                                          "1 x [1, 21] by [21, 33]", "no choice", "WRONG RESULT");
  EXPECT_EQ(read(file).find("float32"), std::string::npos) << read(file);
}

TEST_F(Tune, RefusesAFileThatIsNone) {
  std::ofstream(file) << "something else\n";
  test::expect_throws<InvalidArgument>([&] { run_tune(options({shape(65)}), results); },
                                       "tuned.csv:1", "something else");
  EXPECT_EQ(read(file), "something else\n");
}

}  // namespace
}  // namespace dovetail::tool
