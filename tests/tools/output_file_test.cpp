// SPDX-License-Identifier: Apache-2.0
#include "tools/output_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/forked_child.hpp"
#include "tests/support/temporary_directory.hpp"

namespace dovetail::tool {
namespace {

namespace fs = std::filesystem;

class OutputFile : public testing::Test {
 protected:
  static std::string contents(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// How many files the folder holds.
  std::ptrdiff_t count() const { return std::distance(fs::directory_iterator(folder.path()), {}); }

  test::TemporaryDirectory folder;
  const fs::path file = folder.path() / "report.json";
};

TEST_F(OutputFile, CheckLeavesNoFile) {
  check_writable(file);
  EXPECT_EQ(count(), 0);
  write_output(file, "old");
  check_writable(file);
  EXPECT_EQ(contents(file), "old");
  EXPECT_EQ(count(), 1);
}

TEST_F(OutputFile, WriteFollowsALinkAndKeepsPermissions) {
  const fs::path link = folder.path() / "link.json";
  fs::create_symlink("report.json", link);
  check_writable(link);
  write_output(link, "old");
  fs::permissions(file, fs::perms(0600));
  write_output(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(contents(file), "new");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms(0600));
  EXPECT_EQ(count(), 2);
}

TEST_F(OutputFile, FailedWriteLeavesTheFileUnchanged) {
  write_output(file, "old");
  for (const bool is_tried : {true, false}) {
    const auto child = test::run_in_fork([&] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      is_tried ? check_writable(file) : write_output(file, std::string(100000, 'x'));
      return std::string("written");
    });
    EXPECT_NE(child.text.find("cannot write '" + file.string() + "'"), std::string::npos)
        << child.text;
    EXPECT_EQ(contents(file), "old");
    EXPECT_EQ(count(), 1);
  }
}

}  // namespace
}  // namespace dovetail::tool
