// SPDX-License-Identifier: Apache-2.0
// Programs that include headers: built again when a header changes, cached or not.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/program_cache_work.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_counts;
using test::run;
using test::write;

/// Builds a source whose value is in a header of a header.
class IncludingProgram : public testing::Test {
 protected:
  IncludingProgram() {
    std::filesystem::create_directory(headers.path() / "sub");
    write(headers.path() / "outer.h", "#include \"sub/inner.h\"\n");
    options.include_directory(headers.path());
  }
  void set_value(int value) {
    write(headers.path() / "sub" / "inner.h", "#define VALUE " + std::to_string(value) + "\n");
  }

  test::TemporaryDirectory folder, headers;
  BuildOptions options;
  ProgramSource source{.name = "including.cl",
                       .text =
                           "#include \"outer.h\"\n"
                           "kernel void value(global int* out, int extra) {"
                           " out[0] = VALUE + extra; }"};
};

TEST_F(IncludingProgram, RebuildsInMemoryWhenAHeaderChanges) {
  ProgramCache cache(context(), {});
  set_value(1);
  EXPECT_EQ(run(cache.get(source, options)), 1001);
  EXPECT_EQ(run(cache.get(source, options)), 1001);
  expect_counts(cache, 1, 0, 1, 0);
  set_value(2);
  EXPECT_EQ(run(cache.get(source, options)), 1002);
  expect_counts(cache, 1, 0, 2, 0);
  set_value(1);  // back again, and still kept
  EXPECT_EQ(run(cache.get(source, options)), 1001);
  expect_counts(cache, 2, 0, 2, 0);
}

TEST_F(IncludingProgram, RebuildsOnDiskWhenAHeaderChanges) {
  const auto result = [&](std::uint64_t disk_hits) {
    ProgramCache cache(context(), {folder.path()});
    const int value = run(cache.get(source, options));
    expect_counts(cache, 0, disk_hits, 1 - disk_hits, 0);
    return value;
  };
  set_value(3);
  EXPECT_EQ(result(0), 1003);
  EXPECT_EQ(result(1), 1003);
  set_value(4);
  EXPECT_EQ(result(0), 1004);
  EXPECT_EQ(result(1), 1004);
  set_value(3);
  EXPECT_EQ(result(1), 1003);
}

TEST_F(IncludingProgram, RebuildsAtEachCallWhenItIncludesAMacro) {
  source.text = "#define HEADER \"outer.h\"\n#include HEADER\n" +
                source.text.substr(source.text.find('\n') + 1);
  ProgramCache cache(context(), {folder.path()});
  set_value(5);
  EXPECT_EQ(run(cache.get(source, options)), 1005);
  set_value(6);
  EXPECT_EQ(run(cache.get(source, options)), 1006);
  expect_counts(cache, 0, 0, 2, 0);
  EXPECT_TRUE(test::files_in(folder.path()).empty());
}

TEST_F(IncludingProgram, StaysCachedThoughItsHeadersIncludeEachOther) {
  write(headers.path() / "outer.h",
        "#ifndef OUTER\n#define OUTER\n#include \"sub/inner.h\"\n#endif\n");
  write(headers.path() / "sub" / "inner.h",
        "#include \"../outer.h\"\n#include \"../sub/value.h\"\n");
  write(headers.path() / "sub" / "value.h", "#include \"../outer.h\"\n#define VALUE 9\n");
  ProgramCache cache(context(), {});
  EXPECT_EQ(run(cache.get(source, options)), 1009);
  EXPECT_EQ(run(cache.get(source, options)), 1009);
  expect_counts(cache, 1, 0, 1, 0);
}

TEST_F(IncludingProgram, RebuildsAtEachCallWhenAnIncludeIsUnreadable) {
  write(headers.path() / "sub" / "inner.h", "#if 0\n#include \"/proc/self/mem\"\n#endif\n");
  options.define("VALUE", 5);
  ProgramCache cache(context(), {folder.path()});
  EXPECT_EQ(run(cache.get(source, options)), 1005);
  EXPECT_EQ(run(cache.get(source, options)), 1005);
  expect_counts(cache, 0, 0, 2, 0);
  EXPECT_TRUE(test::files_in(folder.path()).empty());
}

TEST_F(IncludingProgram, FindsItsHeadersWithoutACache) {
  for (const int value : {7, 8}) {
    set_value(value);
    EXPECT_EQ(run(Program::from_source(context(), source, options)), 1000 + value);
  }
  test::expect_throws<BuildError>(
      [&] { static_cast<void>(Program::from_source(context(), source)); }, "outer.h");
}

TEST_F(IncludingProgram, QuotesTheHeaderThatDoesNotBuild) {
  write(headers.path() / "sub" / "inner.h", "constant int one = 1;\nconstant int two = ;\n");
  const auto error = test::caught<BuildError>(
      [&] { static_cast<void>(Program::from_source(context(), source, options)); });
  ASSERT_TRUE(error);
  test::expect_parts(error->quotes(), "sub/inner.h:2:20: ", ">   2 | constant int two = ;\n",
                     "    1 | constant int one = 1;\n");
}

}  // namespace
}  // namespace dovetail
