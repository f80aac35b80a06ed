// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul_tuning.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/explain.hpp"
#include "lib/ops/matmul/tuning/tuning_table.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;

const Device& device() { return context().device(); }

// Sizes that no other test and no shipped table have something on.
constexpr MatmulCase product{.m = 11, .n = 700, .k = 23};

TEST(MatmulTuning, ListsTheChoiceByRuleFirst) {
  const auto choices = matmul_choices(device(), product);
  ASSERT_FALSE(choices.empty());
  EXPECT_EQ(matmul_tuning(device(), product).choice, choices.front());
  auto sorted = choices;
  std::ranges::sort(sorted);
  EXPECT_EQ(std::ranges::adjacent_find(sorted), sorted.end()) << "one twice";
}

TEST(MatmulTuning, EveryChoiceGivesTheProduct) {
  const Stream stream(context());
  const test::Product sizes{.m = 11, .n = 700, .k = 23};
  const auto a = test::random_values(sizes.a_size(), 1), b = test::random_values(sizes.b_size(), 2);
  const Tensor tensor_a = Tensor::from_host<float>(context(), a, {11, 23});
  const Tensor tensor_b = Tensor::from_host<float>(context(), b, {23, 700});
  for (const std::string& choice : matmul_choices(device(), product)) {
    SCOPED_TRACE(choice);
    set_matmul_tuning(device(), product, {.choice = choice});
    EXPECT_EQ(matmul_tuning(device(), product).choice, choice);
    const Tensor out = matmul(stream, tensor_a, tensor_b, {.backend = MatmulBackend::kernel});
    test::expect_product(sizes, a, b, out.to_host<float>(stream));
  }
  set_matmul_tuning(device(), product, {});
}

/// What a product of zeros gives its stream.
std::vector<std::string> commands_of(const MatmulCase& p, MatmulBackend backend) {
  const Stream stream(context());
  const Tensor a = Tensor::zeros(stream, {p.m, p.k}), b = Tensor::zeros(stream, {p.k, p.n});
  const Tensor out = Tensor::zeros(stream, {p.m, p.n});
  std::vector<std::string> names;
  OrderRecorder recorder;
  matmul_into(stream, a, b, out, {.backend = backend});
  for (const OrderEntry& entry : recorder.take()) {
    if (const auto* const command = std::get_if<CommandEntry>(&entry)) {
      names.push_back(command->what);
    }
  }
  stream.synchronize();
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view part) {
  return std::ranges::any_of(
      names, [&](const std::string& name) { return name.find(part) != std::string::npos; });
}

std::string family(const std::string& choice) { return choice.substr(0, choice.find(' ')); }

TEST(MatmulTuning, DecidesWhichKernelRuns) {
  const MatmulCase thin{.m = 2, .n = 701, .k = 1031};
  const auto choices = matmul_choices(device(), thin);
  const auto other = std::ranges::find_if(choices, [&](const std::string& choice) {
    return family(choice) != family(choices.front());
  });
  if (other == choices.end()) GTEST_SKIP() << "All choices on this device are of one family.";
  for (const std::string& choice : {choices.front(), *other, choices.front()}) {
    set_matmul_tuning(device(), thin, {.choice = choice});
    for (const MatmulBackend backend : {MatmulBackend::kernel, MatmulBackend::automatic}) {
      const auto commands = commands_of(thin, backend);
      EXPECT_TRUE(contains(commands, "matmul_" + family(choice)))
          << testing::PrintToString(commands);
    }
  }
}

TEST(MatmulTuning, DecidesWhetherTheVendorRuns) {
  const auto& backends = matmul_backends();
  if (std::ranges::find(backends, MatmulBackend::clblast) == backends.end()) {
    GTEST_SKIP() << "this build has no CLBlast";
  }
  const MatmulCase square{.m = 83, .n = 85, .k = 87};
  for (const MatmulBackend backend :
       {MatmulBackend::kernel, MatmulBackend::clblast, MatmulBackend::kernel}) {
    set_matmul_tuning(device(), square, {.backend = backend});
    const auto commands = commands_of(square, MatmulBackend::automatic);
    EXPECT_EQ(contains(commands, "CLBlast"), backend == MatmulBackend::clblast)
        << testing::PrintToString(commands);
    EXPECT_FALSE(contains(commands_of(square, MatmulBackend::kernel), "CLBlast"));
  }
}

TEST(MatmulTuning, EmptyChoiceForgetsIt) {
  const auto by_rule = matmul_choices(device(), product).front();
  set_matmul_tuning(device(), product, {.choice = matmul_choices(device(), product).back()});
  EXPECT_TRUE(has_matmul_tuning(device(), product));
  set_matmul_tuning(device(), product, {});
  EXPECT_EQ(matmul_tuning(device(), product).choice, by_rule);
}

TEST(MatmulTuning, RuleReplacesANearCaseThatCannotRun) {
  // A choice for whole panels of columns, which near and probe have not; found by what is refused.
  const MatmulCase whole{.m = 12, .n = 1536, .k = 29}, near{.m = 12, .n = 1535, .k = 29};
  const MatmulCase probe{.m = 12, .n = 1535, .k = 35};
  const std::string by_rule = matmul_tuning(device(), near).choice;
  for (const std::string& choice : matmul_choices(device(), whole)) {
    try {
      set_matmul_tuning(device(), probe, {.choice = choice});
    } catch (const InvalidArgument&) {
      set_matmul_tuning(device(), whole, {.choice = choice});
      EXPECT_EQ(matmul_tuning(device(), whole).choice, choice);
      EXPECT_EQ(matmul_tuning(device(), near).choice, by_rule) << choice;
      return;
    }
  }
  GTEST_SKIP() << "Every choice can run everything on this device.";
}

TEST(MatmulTuning, LeavesWhatTheVendorDoesNotOfferToTheKernels) {
  const MatmulCase halves{.dtype = DType::bf16, .m = 9, .n = 10, .k = 11};
  set_matmul_tuning(device(), halves, {.backend = MatmulBackend::clblast});
  const Stream stream(context());
  const Tensor out = matmul(stream, Tensor::full(stream, {9, 11}, 1.0, DType::bf16),
                            Tensor::full(stream, {11, 10}, 2.0, DType::bf16));
  for (const BFloat16 value : out.to_host<BFloat16>(stream)) {
    EXPECT_EQ(static_cast<float>(value), 22.0f);
  }
}

TEST(MatmulTuning, RefusesWhatCannotRun) {
  expect_throws<InvalidArgument>(
      [] { set_matmul_tuning(device(), product, {.choice = "no such kernel"}); },
      "[set_matmul_tuning] 'no such kernel' cannot run 1 x [11, 23] by [23, 700] of float32",
      "matmul_choices");
  expect_throws<InvalidArgument>(
      [] { set_matmul_tuning(device(), product, {.backend = MatmulBackend::reference}); },
      "backend reference");
  expect_throws<InvalidArgument>([] { static_cast<void>(matmul_tuning(device(), {.m = 0})); },
                                 "[matmul_tuning]", "from 1");
  expect_throws<InvalidArgument>(
      [] { static_cast<void>(matmul_choices(device(), {.dtype = DType::i64})); },
      "[matmul_choices]", "int64");
}

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
