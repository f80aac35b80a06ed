// SPDX-License-Identifier: Apache-2.0
// Tuned products in files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul_tuning.hpp"
#include "lib/ops/matmul/tuning/tuning_table.hpp"
#include "tests/ops/tuned_product.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::device;
using test::expect_parts;
using test::expect_throws;
using test::product;

/// Saves the last choice for the product to `file` and forgets it. Returns it.
std::string save_last_choice(const std::filesystem::path& file) {
  const auto last = matmul_choices(device(), product).back();
  set_matmul_tuning(device(), product, {.choice = last});
  save_matmul_tuning(file);
  set_matmul_tuning(device(), product, {});
  return last;
}

/// Loads `file`, expects it to hold `choice` for the product, and forgets it.
void expect_loaded(const std::filesystem::path& file, const std::string& choice) {
  EXPECT_GE(load_matmul_tuning(file), 1u);
  EXPECT_EQ(matmul_tuning(device(), product).choice, choice);
  set_matmul_tuning(device(), product, {});
}

TEST(MatmulTuning, GoesThroughAFile) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "below" / "matmul.csv";
  expect_loaded(file, save_last_choice(file));
}

TEST(MatmulTuning, BadFileChangesNothing) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "bad.csv";
  save_last_choice(file);
  std::ofstream(file, std::ios::app) << "nonsense\n";
  expect_throws<InvalidArgument>([&] { load_matmul_tuning(file); }, "bad.csv:", "'nonsense'");
  EXPECT_EQ(matmul_tuning(device(), product).choice, matmul_choices(device(), product).front());
  expect_throws<InvalidArgument>([&] { load_matmul_tuning(directory.path() / "none.csv"); },
                                 "cannot read", "none.csv");
  expect_throws<Error>([&] { save_matmul_tuning("/proc/none/matmul.csv"); }, "cannot write");
}

TEST(MatmulTuning, FileOfAnotherVersionIsRefusedAndReplacedWhenSaved) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "old.csv";
  std::ofstream(file)
      << "device,dtype,transpose_a,transpose_b,batch,m,n,k,backend,choice\n"
      << "Some GPU,float32,n,n,1,512,512,512,kernel,tile rows=64 columns=32 steps=16 item_rows=8 "
         "item_columns=4 slices=4 variant=8 parts=1\n";
  expect_throws<InvalidArgument>([&] { load_matmul_tuning(file); }, "old.csv",
                                 "'tile rows=64 columns=32", "no kernel of this version",
                                 "tune again");
  expect_loaded(file, save_last_choice(file));
}

TEST(MatmulTuning, UsersFileKeepsItsKnownLinesBesideOneOfAnotherVersion) {
  if (test::in_child()) {
    EXPECT_TRUE(has_matmul_tuning(device(), product));
    return;
  }
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "mixed.csv";
  std::ofstream(file) << "device,dtype,transpose_a,transpose_b,batch,m,n,k,backend,choice\n"
                      << "Some GPU,float32,n,n,1,512,512,512,kernel,tile rows=64\n"
                      << detail::device_key(device())
                      << ",float32,n,n,1,11,700,23,kernel,reference\n";
  const auto child = test::run_again_in_child({{"DOVETAIL_TUNING_FILE", file.string()}});
  EXPECT_TRUE(child.passed) << child.output;
  expect_parts(child.output, "'tile rows=64'", "no kernel of this version");
}

TEST(MatmulTuning, RefusesToLoadWhatIsNoFile) {
  const test::TemporaryDirectory directory;
  const auto pipe = directory.path() / "pipe", large = directory.path() / "large";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::ofstream(large) << "#";
  std::filesystem::resize_file(large, std::uintmax_t{20} << 30);
  for (const std::filesystem::path& file :
       {directory.path(), pipe, large, std::filesystem::path("/proc/self/mem")}) {
    expect_throws<InvalidArgument>([&] { load_matmul_tuning(file); },
                                   "[load_matmul_tuning] cannot read '" + file.string() + "'",
                                   "a file of at most");
  }
  EXPECT_EQ(load_matmul_tuning("/dev/null"), 0u);
}

TEST(MatmulTuning, WarnsOfAUsersFileThatProductsCannotUse) {
  if (test::in_child()) {
    const Stream stream(context());
    const Tensor a = Tensor::full(stream, {2, 2}, 2.0);
    EXPECT_EQ(matmul(stream, a, a).to_host<float>(stream), std::vector<float>(4, 8.0f));
    return;
  }
  const test::TemporaryDirectory directory;
  const auto bad = directory.path() / "bad.csv", none = directory.path() / "none.csv";
  std::ofstream(bad) << "nonsense\n";
  const auto warning = [](const std::filesystem::path& file) {
    const auto child = test::run_again_in_child({{"DOVETAIL_TUNING_FILE", file.string()}});
    EXPECT_TRUE(child.passed) << child.output;
    const auto start = std::min(child.output.find("dovetail: "), child.output.size());
    return child.output.substr(start, child.output.find('\n', start) - start);
  };
  expect_parts(warning(directory.path()), "cannot read '" + directory.path().string() + "'");
  expect_parts(warning(bad), "bad.csv:1", "'nonsense'");
  EXPECT_EQ(warning(none), "");
  EXPECT_EQ(warning("/dev/null"), "");
}

std::size_t lines_in(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>(), '\n'));
}

TEST(MatmulTuning, KeepsWhatProcessesSaveToOneFileAtOnce) {
  constexpr int processes = 3, entries = 100;
  if (test::in_child()) {
    const int first = std::atoi(std::getenv("DOVETAIL_TEST_FIRST"));
    for (int i = first; i < first + entries; ++i) {
      set_matmul_tuning(device(), {.m = 1000 + i, .n = 31, .k = 37}, {});
      save_matmul_tuning(std::getenv("DOVETAIL_TEST_FILE"));
    }
    return;
  }
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "shared.csv";
  test::on_threads(processes, [&](int index) {
    const auto child =
        test::run_again_in_child({{"DOVETAIL_TEST_FILE", file.string()},
                                  {"DOVETAIL_TEST_FIRST", std::to_string(index * entries)},
                                  {"DOVETAIL_TUNING_FILE", "/dev/null"}});
    EXPECT_TRUE(child.passed) << child.output;
  });
  EXPECT_EQ(lines_in(file), 1u + processes * entries) << "a header, and all entries";
}

TEST(MatmulTuning, SavesWhatWasSetOverWhatTheFileHasAndThatOverWhatWasLoaded) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "matmul.csv";
  const MatmulCase loaded{.m = 13, .n = 711, .k = 23}, set{.m = 14, .n = 711, .k = 23};
  const auto by_rule = matmul_choices(device(), loaded).front();
  const auto last = matmul_choices(device(), loaded).back();
  const auto write = [&](std::string_view choice) {
    std::ofstream stream(file);
    for (const int m : {13, 14}) {
      stream << detail::device_key(device()) << ",float32,n,n,1," << m << ",711,23,kernel,"
             << choice << "\n";
    }
  };
  write(by_rule);
  load_matmul_tuning(file);
  set_matmul_tuning(device(), set, {.choice = by_rule});
  write(last);  // as another process would
  save_matmul_tuning(file);
  load_matmul_tuning(file);
  EXPECT_EQ(matmul_tuning(device(), loaded).choice, last);
  EXPECT_EQ(matmul_tuning(device(), set).choice, by_rule);
}

TEST(MatmulTuning, SaveSparesAnotherKindOfFile) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "letter.txt";
  std::ofstream(file) << "Dear reader\n";
  expect_throws<InvalidArgument>([&] { save_matmul_tuning(file); }, "letter.txt:1",
                                 "'Dear reader'");
  EXPECT_EQ(lines_in(file), 1u);
  EXPECT_EQ(std::filesystem::file_size(file), 12u);
}

TEST(MatmulTuning, FolderIsNotReplacedByAFile) {
  const test::TemporaryDirectory directory;
  const auto folder = directory.path() / "folder";
  std::filesystem::create_directory(folder);
  set_matmul_tuning(device(), product, {});
  expect_throws<Error>([&] { save_matmul_tuning(folder); }, "[save_matmul_tuning]",
                       folder.string());
  EXPECT_TRUE(std::filesystem::is_directory(folder));
}

TEST(MatmulTuning, FileMayBeALink) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "file.csv", link = directory.path() / "link.csv";
  std::filesystem::create_symlink(file, link);
  set_matmul_tuning(device(), product, {});
  save_matmul_tuning(link);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_GE(lines_in(file), 2u);
}

TEST(MatmulTuning, FileIsTheOneThatTheEnvironmentNames) {
  const char* const before = std::getenv("DOVETAIL_TUNING_FILE");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("DOVETAIL_TUNING_FILE", "/some/where.csv", 1);
  EXPECT_EQ(matmul_tuning_file(), "/some/where.csv");
  ::setenv("DOVETAIL_TUNING_FILE", "", 1);
  EXPECT_EQ(matmul_tuning_file(), std::nullopt);
  if (before != nullptr) {
    ::setenv("DOVETAIL_TUNING_FILE", kept.c_str(), 1);
  } else {
    ::unsetenv("DOVETAIL_TUNING_FILE");
  }
}

}  // namespace
}  // namespace dovetail
