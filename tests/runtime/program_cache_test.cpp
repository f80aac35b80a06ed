// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/program_cache.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/program_cache_work.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_counts;
using test::expect_parts;
using test::expect_throws;
using test::files_in;
using test::run;
using test::TemporaryDirectory;
using test::write;

ProgramSource source_of(int value) {
  return {.name = "value.cl",
          .text = "kernel void value(global int* out, int extra) { out[0] = " +
                  std::to_string(value) + " + extra; }"};
}

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(ProgramCache, GivesTheSameProgramAgainFromMemory) {
  ProgramCache cache(context(), {});
  const Program first = cache.get(source_of(1));
  const Program second = cache.get(source_of(1));
  EXPECT_EQ(first.get(), second.get());
  EXPECT_EQ(run(second), 1001);
  expect_counts(cache, 1, 0, 1, 0);
}

TEST(ProgramCache, DistinguishesSourcesAndOptions) {
  const TemporaryDirectory folder;
  ProgramCache cache(context(), {folder.path()});
  const ProgramSource source{.name = "value.cl",
                             .text =
                                 "kernel void value(global int* out, int extra) {"
                                 " out[0] = VALUE + extra; }"};
  EXPECT_EQ(run(cache.get(source, BuildOptions().define("VALUE", 2))), 1002);
  EXPECT_EQ(run(cache.get(source, BuildOptions().define("VALUE", 3))), 1003);
  EXPECT_EQ(run(cache.get(source_of(4))), 1004);
  expect_counts(cache, 0, 0, 3, 0);
  EXPECT_EQ(files_in(folder.path()).size(), 3u);
}

TEST(ProgramCache, GivesEachSourceItsOwnNameThoughTheTextIsTheSame) {
  const TemporaryDirectory folder;
  ProgramCache cache(context(), {folder.path()});
  ProgramSource source = source_of(11);
  EXPECT_EQ(cache.get(source).name(), "value.cl");
  source.name = "other.cl";
  EXPECT_EQ(cache.get(source).name(), "other.cl");
  expect_counts(cache, 0, 1, 1, 0);  // the binary is the same
  EXPECT_EQ(cache.get(source).name(), "other.cl");
  expect_counts(cache, 1, 1, 1, 0);
}

TEST(ProgramCache, SecondCacheReadsTheFolderOfTheFirst) {
  const TemporaryDirectory folder;
  {
    ProgramCache first(context(), {folder.path() / "made" / "on demand"});
    first.get(source_of(5));
    expect_counts(first, 0, 0, 1, 0);
  }
  ProgramCache second(context(), {folder.path() / "made" / "on demand"});
  const Program program = second.get(source_of(5));
  expect_counts(second, 0, 1, 0, 0);
  EXPECT_EQ(run(program), 1005);
  EXPECT_EQ(program.name(), "value.cl");
}

TEST(ProgramCache, KeepsTheSignaturesBesideTheBinary) {
  const TemporaryDirectory folder;
  ProgramCache(context(), {folder.path()}).get(source_of(6));
  ProgramCache cache(context(), {folder.path()});
  const Kernel kernel(cache.get(source_of(6)), "value");
  expect_counts(cache, 0, 1, 0, 0);
  ASSERT_EQ(kernel.parameters().size(), 2u);
  EXPECT_EQ(kernel.parameters()[1].name, "extra");
  const Stream stream(context());
  const Tensor out = Tensor::zeros(stream, {1}, DType::i32);
  expect_throws<InvalidArgument>([&] { kernel.launch(stream, NDRange({1}), out, 1.0f); },
                                 "[Kernel 'value'] argument 1", "int extra", "floating-point");
}

TEST(ProgramCache, RebuildsAndReplacesADamagedFile) {
  const TemporaryDirectory folder;
  ProgramCache(context(), {folder.path()}).get(source_of(7));
  ASSERT_EQ(files_in(folder.path()).size(), 1u);
  const auto file = files_in(folder.path()).front();
  const std::string good = read(file);
  ASSERT_GT(good.size(), 100u);
  const auto flipped = [&](std::size_t at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
  };
  const std::map<std::string, std::string> damages{
      {"empty", ""},
      {"cut in its head", good.substr(0, 10)},
      {"cut in its checksum", good.substr(0, 22)},
      {"cut in half", good.substr(0, good.size() / 2)},
      {"without its last byte", good.substr(0, good.size() - 1)},
      {"first byte", flipped(0)},
      {"a byte of a length", flipped(30)},
      {"a byte in the middle", flipped(good.size() / 2)},
      {"last byte", flipped(good.size() - 1)},
      {"a byte too many", good + "x"},
      {"another file", std::string(100000, 'A')},
  };
  for (const auto& [name, bytes] : damages) {
    SCOPED_TRACE(name);
    write(file, bytes);
    ProgramCache cache(context(), {folder.path()});
    EXPECT_EQ(run(cache.get(source_of(7))), 1007);
    expect_counts(cache, 0, 0, 1, 1);
    ProgramCache after(context(), {folder.path()});
    after.get(source_of(7));
    expect_counts(after, 0, 1, 0, 0);
  }
}

TEST(ProgramCache, RebuildsAFileOfAnotherKey) {
  const TemporaryDirectory folder;
  ProgramCache(context(), {folder.path()}).get(source_of(8));
  const auto eight = files_in(folder.path()).front();
  const TemporaryDirectory other;
  ProgramCache(context(), {other.path()}).get(source_of(9));
  // Imitates two keys with the same hash.
  std::filesystem::copy_file(files_in(other.path()).front(), eight,
                             std::filesystem::copy_options::overwrite_existing);
  ProgramCache cache(context(), {folder.path()});
  EXPECT_EQ(run(cache.get(source_of(8))), 1008);
  expect_counts(cache, 0, 0, 1, 1);
  ProgramCache after(context(), {folder.path()});
  EXPECT_EQ(run(after.get(source_of(8))), 1008);
  expect_counts(after, 0, 1, 0, 0);
}

TEST(ProgramCache, WorksWhenItsFolderCannotBeMade) {
  const TemporaryDirectory folder;
  write(folder.path() / "a file", "x");
  ProgramCache cache(context(), {folder.path() / "a file" / "below"});
  EXPECT_EQ(run(cache.get(source_of(10))), 1010);
  EXPECT_EQ(run(cache.get(source_of(10))), 1010);
  expect_counts(cache, 1, 0, 1, 0);
}

TEST(ProgramCache, BuildsWhereSomethingElseStandsInAFilesPlace) {
  const TemporaryDirectory folder;
  ProgramCache(context(), {folder.path()}).get(source_of(15));
  const auto file = files_in(folder.path()).front();
  std::filesystem::resize_file(file, std::uintmax_t{20} << 30);
  ProgramCache large(context(), {folder.path()});
  EXPECT_EQ(run(large.get(source_of(15))), 1015);
  expect_counts(large, 0, 0, 1, 0);
  EXPECT_LT(std::filesystem::file_size(file), 1u << 20) << "not replaced";

  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  ProgramCache directory(context(), {folder.path()});
  EXPECT_EQ(run(directory.get(source_of(15))), 1015);
  EXPECT_EQ(run(directory.get(source_of(15))), 1015);
  expect_counts(directory, 1, 0, 1, 0);
}

TEST(ProgramCache, LeavesNoTemporaryFiles) {
  const TemporaryDirectory folder;
  ProgramCache cache(context(), {folder.path()});
  cache.get(source_of(11));
  for (const auto& file : files_in(folder.path())) EXPECT_EQ(file.extension(), ".program") << file;
}

TEST(ProgramCache, BuildsOnceForManyThreads) {
  ProgramCache cache(context(), {});
  test::on_threads(8, [&](int) { EXPECT_EQ(run(cache.get(source_of(12))), 1012); });
  expect_counts(cache, 7, 0, 1, 0);
}

TEST(ProgramCache, DoesNotKeepAFailure) {
  const TemporaryDirectory folder;
  ProgramCache cache(context(), {folder.path()});
  const ProgramSource broken{.name = "broken.cl", .text = "kernel void value() { nonsense; }"};
  for (int i = 0; i < 2; ++i) {
    const auto error = test::caught<BuildError>([&] { cache.get(broken); });
    ASSERT_TRUE(error);
    expect_parts(error->what(), "'broken.cl'", "nonsense");
  }
  expect_counts(cache, 0, 0, 0, 0);
  EXPECT_TRUE(files_in(folder.path()).empty());
  test::on_threads(4, [&](int) { EXPECT_THROW(cache.get(broken), BuildError); });
  EXPECT_EQ(run(cache.get(source_of(13))), 1013);
}

TEST(ProgramCache, ServesAnotherProcess) {
  if (test::in_child()) {
    ProgramCache cache(context(), ProgramCacheOptions::from_environment());
    EXPECT_EQ(run(cache.get(source_of(14))), 1014);
    expect_counts(cache, 0, 1, 0, 0);
    return;
  }
  const TemporaryDirectory folder;
  ProgramCache(context(), {folder.path()}).get(source_of(14));
  const auto child = test::run_again_in_child({{"DOVETAIL_CACHE_DIR", folder.path().string()}});
  EXPECT_TRUE(child.passed) << child.output;
}

TEST(ProgramCache, FolderComesFromTheEnvironment) {
  const auto directory = [](const char* own, const char* xdg, const char* home) {
    const test::ScopedVariable first("DOVETAIL_CACHE_DIR", own);
    const test::ScopedVariable second("XDG_CACHE_HOME", xdg);
    const test::ScopedVariable third("HOME", home);
    return ProgramCacheOptions::from_environment().directory;
  };
  EXPECT_EQ(directory("/own", "/xdg", "/home/me"), "/own");
  EXPECT_EQ(directory("", "/xdg", "/home/me"), "");
  EXPECT_EQ(directory(nullptr, "/xdg", "/home/me"), "/xdg/dovetail");
  EXPECT_EQ(directory(nullptr, "relative", "/home/me"), "/home/me/.cache/dovetail");
  EXPECT_EQ(directory(nullptr, nullptr, "/home/me"), "/home/me/.cache/dovetail");
  EXPECT_EQ(directory(nullptr, nullptr, nullptr), "");
}

TEST(ProgramCache, EachContextHasOne) {
  EXPECT_EQ(&ProgramCache::of(context()), &ProgramCache::of(context()));
  EXPECT_NE(&ProgramCache::of(context()), &ProgramCache::of(test::other_context()));
}

}  // namespace
}  // namespace dovetail
