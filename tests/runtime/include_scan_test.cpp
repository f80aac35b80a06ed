// SPDX-License-Identifier: Apache-2.0
// Which files a program's key covers.
#include "lib/runtime/include_scan.hpp"

#include <gtest/gtest.h>

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
  /// Whether the key of `source` holds the text of the file h.h.
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
    EXPECT_FALSE(scan(source).has_macro) << source;
  }
}

TEST_F(IncludeScan, IsNotMisledByWhatIsNoInclude) {
  write("h.h", "text of h");
  for (const char* source :
       {"", "include \"h.h\"", "// #include \"h.h\"", "/*\n#include \"h.h\"\n*/",
        "#define include \"h.h\"", "// a \\\n#include \"h.h\""}) {
    EXPECT_TRUE(scan(source).key.empty()) << source;
    EXPECT_FALSE(scan(source).has_macro) << source;
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

TEST_F(IncludeScan, EndsWhereFilesIncludeEachOther) {
  write("a.h", "#include \"b.h\"\n");
  write("b.h", "#include \"a.h\"\n#include \"h.h\"\n#include \"b.h\"\n");
  write("h.h", "text of h");
  EXPECT_TRUE(sees("#include \"a.h\""));
}

TEST_F(IncludeScan, TellsAFileThatIsNotThereFromOneThatIs) {
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

TEST_F(IncludeScan, SaysWhenOnlyACompilerCanFollow) {
  write("m.h", "#include WHAT\n");
  EXPECT_TRUE(scan("#define WHAT \"h.h\"\n#include WHAT\n").has_macro);
  EXPECT_TRUE(scan("#include \"m.h\"").has_macro);
  EXPECT_TRUE(scan("#include \"half").has_macro);
}

TEST_F(IncludeScan, KeepsNamesAndContentsApart) {
  write("x", "y");
  const std::string one = scan("#include \"x\"").key;
  write("x", "y1 x");
  EXPECT_NE(scan("#include \"x\"").key, one);
}

}  // namespace
}  // namespace dovetail::detail
