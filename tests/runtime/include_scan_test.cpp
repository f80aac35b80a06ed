// SPDX-License-Identifier: Apache-2.0
// Which files a program's key covers.
#include "lib/runtime/include_scan.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace dovetail::detail {
namespace {

class IncludeScan : public testing::Test {
 protected:
  void write(const std::filesystem::path& name, const std::string& text) {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name, std::ios::trunc) << text;
  }
  Included scan(const std::string& source) {
    return scan_includes(source, std::span(&folder.path(), 1));
  }
  /// Returns whether the key of `source` holds the text of the file h.h.
  bool sees(const std::string& source) {
    return scan(source).key.find("text of h") != std::string::npos;
  }

  test::TemporaryDirectory folder;
};

TEST_F(IncludeScan, FindsEveryFormOfAnInclude) {
  write("h.h", "text of h");
  for (const char* source :
       {"#include \"h.h\"", "#include <h.h>", "int x;\n  #  include  \"h.h\"  // why\n",
        "#include\"h.h\"\r\n", "#\\\ninclude \"h.h\"", "#inc\\\r\nlude \"h.h\"",
        "# /* */ include \"h.h\"", "/* a\n b */ #include <h.h>", "%:include \"h.h\"",
        "#include_next <h.h>", "#import \"h.h\"", "char c = '\"';\n#include \"h.h\"",
        "#if 0\n#include \"h.h\"\n#endif"}) {
    EXPECT_TRUE(sees(source)) << source;
    EXPECT_FALSE(scan(source).is_partial) << source;
  }
}

TEST_F(IncludeScan, IgnoresWhatIsNoInclude) {
  write("h.h", "text of h");
  for (const char* source :
       {"", "include \"h.h\"", "// #include \"h.h\"", "/*\n#include \"h.h\"\n*/",
        "#define include \"h.h\"", "// a \\\n#include \"h.h\""}) {
    EXPECT_TRUE(scan(source).key.empty()) << source;
    EXPECT_FALSE(scan(source).is_partial) << source;
  }
}

TEST_F(IncludeScan, FollowsWhatIncludedFilesInclude) {
  write("a.h", "#include \"sub/b.h\"\n");
  write("sub/b.h", "#include \"beside.h\"\n#include \"h.h\"\n");
  write("sub/beside.h", "text beside");
  write("h.h", "text of h");
  EXPECT_TRUE(sees("#include \"a.h\""));
  EXPECT_NE(scan("#include \"a.h\"").key.find("text beside"), std::string::npos);
}

TEST_F(IncludeScan, StopsWhenFilesIncludeEachOther) {
  write("a.h", "#include \"b.h\"\n");
  write("b.h", "#include \"a.h\"\n#include \"h.h\"\n#include \"b.h\"\n");
  write("h.h", "text of h");
  EXPECT_TRUE(sees("#include \"a.h\""));
}

TEST_F(IncludeScan, DistinguishesAMissingFileFromAnEmptyOne) {
  const std::string before = scan("#include \"h.h\"").key;
  EXPECT_FALSE(before.empty());
  write("h.h", "");
  EXPECT_NE(scan("#include \"h.h\"").key, before);
}

TEST_F(IncludeScan, SeesAFileThatAppearsInAnEarlierFolder) {
  const test::TemporaryDirectory earlier;
  write("h.h", "text of h");
  const std::filesystem::path both[] = {earlier.path(), folder.path()};
  const std::string before = scan_includes("#include \"h.h\"", both).key;
  std::ofstream(earlier.path() / "h.h") << "another";
  const std::string with_both = scan_includes("#include \"h.h\"", both).key;
  EXPECT_NE(with_both, before);
  std::ofstream(earlier.path() / "h.h", std::ios::trunc) << "text of h";
  std::filesystem::remove(folder.path() / "h.h");
  EXPECT_NE(scan_includes("#include \"h.h\"", both).key, before) << "the place counts, too";
}

TEST_F(IncludeScan, ReportsWhenOnlyACompilerCanFollow) {
  write("m.h", "#include WHAT\n");
  EXPECT_TRUE(scan("#define WHAT \"h.h\"\n#include WHAT\n").is_partial);
  EXPECT_TRUE(scan("#include \"m.h\"").is_partial);
  EXPECT_TRUE(scan("#include \"half").is_partial);
}

TEST_F(IncludeScan, ReadsEachFileOnceHoweverManyPathsFindIt) {
  write("a/x.h", "#ifndef X\n#define X\n#include \"../b/y.h\"\n#include \"../c/z.h\"\n#endif\n");
  write("b/y.h", "#include \"../a/x.h\"\n");
  write("c/z.h", "#include \"../a/x.h\"\n#include \"../h.h\"\n");
  write("h.h", "text of h");
  std::filesystem::create_directory_symlink(".", folder.path() / "a" / "again");
  write("a/w.h", "#include \"x.h\"\n#include \"again/w.h\"\n");
  const Included included = scan("#include \"a/x.h\"\n#include \"a/w.h\"");
  EXPECT_FALSE(included.is_partial);
  EXPECT_NE(included.key.find("text of h"), std::string::npos);
  EXPECT_EQ(included.key.find("#ifndef X"), included.key.rfind("#ifndef X"));
  EXPECT_LT(included.key.size(), 10000u);
}

TEST_F(IncludeScan, FollowsALinkedHeaderInEachFolder) {
  write("a/x.h", "#include \"h.h\"\n");
  std::filesystem::create_directory(folder.path() / "b");
  std::filesystem::create_symlink("../a/x.h", folder.path() / "b" / "x.h");
  write("b/h.h", "text of h");
  EXPECT_TRUE(sees("#include \"a/x.h\"\n#include \"b/x.h\""));
}

TEST_F(IncludeScan, LeavesToACompilerWhatItCannotRead) {
  std::filesystem::create_directory(folder.path() / "directory");
  write("large.h", "");
  std::filesystem::resize_file(folder.path() / "large.h", std::uintmax_t{20} << 30);
  std::filesystem::create_symlink("circle.h", folder.path() / "circle.h");
  ASSERT_EQ(::mkfifo((folder.path() / "pipe.h").c_str(), 0600), 0);
  for (const char* const name : {"large.h", "circle.h", "pipe.h", "/proc/self/mem"}) {
    EXPECT_TRUE(scan("#include \"" + std::string(name) + "\"").is_partial) << name;
  }
  EXPECT_FALSE(scan("#include \"directory\"").is_partial) << "which no compiler reads either";
}

TEST_F(IncludeScan, LeavesNamesThatTheSystemCutsToACompiler) {
  using namespace std::string_literals;
  write("h.h", "#include \"h.h\0x\"\n"s);
  EXPECT_TRUE(scan("#include \"h.h\"").is_partial);
  EXPECT_TRUE(scan("#include \"h.h\0\""s).is_partial);
  EXPECT_TRUE(scan("#include \"" + std::string(100000, 'x') + "\"").is_partial);
}

TEST_F(IncludeScan, LeavesWhatIsNestedTooDeeplyToACompiler) {
  const int count = 250;
  for (int i = 0; i < count; ++i) {
    write(std::to_string(i) + ".h", "#include \"" + std::to_string(i + 1) + ".h\"\n");
  }
  EXPECT_TRUE(scan("#include \"0.h\"").is_partial);
  EXPECT_FALSE(scan("#include \"100.h\"").is_partial);
}

TEST_F(IncludeScan, LeavesWhatIsTooMuchToACompiler) {
  const std::string half(std::size_t{9} << 20, ' ');
  write("a.h", half);
  write("b.h", half);
  EXPECT_FALSE(scan("#include \"a.h\"").is_partial);
  const Included both = scan("#include \"a.h\"\n#include \"b.h\"");
  EXPECT_TRUE(both.is_partial);
  EXPECT_LT(both.key.size(), 2 * half.size());
}

TEST_F(IncludeScan, KeepsNamesAndContentsApart) {
  write("x", "y");
  const std::string one = scan("#include \"x\"").key;
  write("x", "y1 x");
  EXPECT_NE(scan("#include \"x\"").key, one);
}

}  // namespace
}  // namespace dovetail::detail
