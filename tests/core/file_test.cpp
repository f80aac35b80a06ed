// SPDX-License-Identifier: Apache-2.0
// Reads and writes of unusual files, failing writes and concurrent updates.
#include "lib/core/file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <new>

#include "tests/support/forked_child.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/threads.hpp"

namespace dovetail::detail {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  static std::string contents(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), {}));
  }

  test::TemporaryDirectory folder;
  fs::path file = folder.path() / "file";
};

TEST_F(File, ReadReturnsAllBytes) {
  for (const std::string& bytes :
       {std::string(), std::string("a\0b\n", 4), std::string(100000, 'x')}) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_EQ(read_file(file), bytes);
  }
  EXPECT_EQ(read_file(folder.path() / "none"), std::nullopt);
}

TEST_F(File, ReadTakesFilesThatReportNoSize) {
  const auto status = read_file("/proc/self/status");
  ASSERT_TRUE(status);
  EXPECT_NE(status->find("Pid:"), std::string::npos);
}

TEST_F(File, ReadRefusesMoreThanTheLimit) {
  std::ofstream(file) << "12345";
  EXPECT_EQ(read_file(file, 5), "12345");
  EXPECT_EQ(read_file(file, 4), std::nullopt);
  EXPECT_EQ(read_file("/proc/self/status", 10), std::nullopt);
  fs::resize_file(file, std::uintmax_t{20} << 30);
  EXPECT_EQ(read_file(file), std::nullopt);
}

TEST_F(File, ReadRefusesDirectoriesPipesAndDevices) {
  EXPECT_EQ(read_file(folder.path()), std::nullopt);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(read_file(file), std::nullopt);
  EXPECT_EQ(read_file("/dev/zero"), std::nullopt);
}

TEST_F(File, ReadFindsTheNullDeviceEmpty) { EXPECT_EQ(read_file("/dev/null"), ""); }

TEST_F(File, ReadReturnsNothingWhenTheSystemFails) {
  EXPECT_EQ(read_file("/proc/self/mem"), std::nullopt);  // EIO: nothing is mapped at 0
}

TEST_F(File, WriteMakesMissingFolders) {
  const fs::path below = folder.path() / "made" / "on demand";
  EXPECT_TRUE(write_file(below, "text"));
  EXPECT_EQ(contents(below), "text");
  EXPECT_FALSE(write_file(below / "below a file", "text"));
  EXPECT_FALSE(write_file(folder.path(), "text"));
  EXPECT_EQ(count(), 1u);
}

TEST_F(File, WriteFollowsLinksAndKeepsThem) {
  const fs::path link = folder.path() / "link", other = folder.path() / "other";
  fs::create_directory(folder.path() / "below");
  fs::create_symlink("below/target", link);  // which is not there yet
  fs::create_symlink(link, other);
  for (const char* const text : {"one", "two"}) {
    EXPECT_TRUE(write_file(other, text));
    EXPECT_TRUE(fs::is_symlink(link) && fs::is_symlink(other));
    EXPECT_EQ(contents(folder.path() / "below" / "target"), text);
  }
  EXPECT_EQ(count(), 3u);
}

TEST_F(File, KeepsItsPermissions) {
  std::ofstream(file) << "old";
  for (const auto mode : {fs::perms(0640), fs::perms(0600), fs::perms(0664)}) {
    fs::permissions(file, mode);
    EXPECT_TRUE(write_file(file, "new"));
    EXPECT_EQ(fs::status(file).permissions(), mode);
  }
}

TEST_F(File, WriteLeavesDevicesInPlace) {
  fs::create_symlink("/dev/null", file);
  EXPECT_TRUE(write_file(file, "text"));
  EXPECT_TRUE(fs::is_symlink(file));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  fs::remove(file);
  fs::create_symlink("/dev/full", file);
  EXPECT_FALSE(write_file(file, "text"));
  EXPECT_TRUE(fs::is_symlink(file));
}

TEST_F(File, FailedWriteLeavesItUnchanged) {
  std::ofstream(file) << "old";
  const auto child = test::run_in_fork([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return std::string(write_file(file, std::string(100000, 'x')) ? "written" : "refused");
  });
  EXPECT_EQ(child.text, "refused");
  EXPECT_EQ(contents(file), "old");
  EXPECT_EQ(count(), 1u);
}

TEST_F(File, LosesNoConcurrentUpdate) {
  test::on_threads(4, [&](int) {
    for (int i = 0; i < 25; ++i) {
      EXPECT_TRUE(update_file(file, [](std::string_view text) { return std::string(text) + "x"; }));
    }
  });
  EXPECT_EQ(contents(file), std::string(100, 'x'));
  EXPECT_EQ(count(), 2u) << "the file and its lock";
}

TEST_F(File, ThrowingUpdateLeavesItUnchanged) {
  std::ofstream(file) << "old";
  EXPECT_THROW(update_file(file, [](std::string_view) -> std::string { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_EQ(contents(file), "old");
  EXPECT_TRUE(update_file(file, [](std::string_view text) { return std::string(text) + " new"; }));
  EXPECT_EQ(contents(file), "old new");
}

TEST_F(File, UpdateRefusesUnreadableFiles) {
  const auto change = [](std::string_view) { return std::string("new"); };
  EXPECT_FALSE(update_file(folder.path(), change));
  std::ofstream(file) << "old";
  fs::resize_file(file, std::uintmax_t{20} << 30);
  EXPECT_FALSE(update_file(file, change));
  EXPECT_EQ(fs::file_size(file), std::uintmax_t{20} << 30);
}

TEST_F(File, UpdateMakesNoLockFileForADevice) {
  fs::create_symlink("/dev/null", file);
  EXPECT_TRUE(update_file(file, [](std::string_view text) { return std::string(text) + "x"; }));
  EXPECT_FALSE(fs::exists("/dev/null.lock"));
  EXPECT_EQ(count(), 1u);
}

}  // namespace
}  // namespace dovetail::detail
