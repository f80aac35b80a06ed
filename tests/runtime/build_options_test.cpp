// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/build_options.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_throws;

TEST(BuildOptions, FormTextInTheOrderGiven) {
  EXPECT_EQ(BuildOptions().str(), "");
  EXPECT_EQ(BuildOptions()
                .define("TILE", 16)
                .define("T", "float")
                .define("_FLAG")
                .fast_math()
                .mad()
                .standard("CL1.2")
                .str(),
            "-DTILE=16 -DT=float -D_FLAG -cl-fast-relaxed-math -cl-mad-enable -cl-std=CL1.2");
  EXPECT_EQ(BuildOptions().define("N", -3).define("M", 1ull << 63).str(),
            "-DN=-3 -DM=9223372036854775808");
}

TEST(BuildOptions, RefuseANameThatIsNoIdentifier) {
  for (const char* name : {"", "1A", "A B", "A-B", "A=1", "A(x)", "\xc3\xa4"}) {
    expect_throws<InvalidArgument>([&] { BuildOptions().define(name); }, "[BuildOptions::define]",
                                   "'" + std::string(name) + "'", "no C identifier");
    EXPECT_THROW(BuildOptions().define(name, "1"), InvalidArgument) << name;
  }
}

TEST(BuildOptions, RefuseAValueThatDriversSplitDifferently) {
  for (const char* value : {"a b", "a\tb", "\"a\"", "'a'", "a\\b", "a\n"}) {
    expect_throws<InvalidArgument>([&] { BuildOptions().define("NAME", value); },
                                   "[BuildOptions::define]", "NAME", value,
                                   "put it into the source instead");
  }
}

TEST(BuildOptions, HoldFloatingPointValuesExactly) {
  EXPECT_EQ(BuildOptions().define("A", 0.1f).str(), "-DA=0x1.99999ap-4f");
  EXPECT_EQ(BuildOptions().define("A", 0.1).str(), "-DA=0x1.999999999999ap-4");
  EXPECT_EQ(BuildOptions().define("A", -2.5f).str(), "-DA=(-0x1.4p+1f)");
  EXPECT_EQ(BuildOptions().define("A", 0.0f).define("B", -0.0).str(), "-DA=0x0p+0f -DB=(-0x0p+0)");
}

TEST(BuildOptions, ReachTheCompilerWithTheirExactValues) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  const float values[] = {0.1f, -1.0f / 3.0f, 3.4028235e38f, tiny, 16777217.0f, -0.0f};
  BuildOptions options;
  options.define("YES", true).define("NO", false);
  for (int i = 0; i < 6; ++i) options.define("V" + std::to_string(i), values[i]);
  const Program program = Program::from_source(
      test::context(),
      {.name = "values.cl",
       .text = "#if !YES || NO\n#error\n#endif\n"
               "kernel void f(global uint* o) {\n"
               "  o[0] = as_uint(V0); o[1] = as_uint(V1); o[2] = as_uint(V2);\n"
               "  o[3] = as_uint(V3); o[4] = as_uint(V4); o[5] = as_uint(V5);\n"
               "  o[6] = sizeof(V0) + (1.0f -V1 > 1.0f);\n"
               "}\n"},
      options);
  const Stream stream(test::context());
  const Tensor out = Tensor::zeros(stream, {7}, DType::i32);
  Kernel(program, "f").launch(stream, NDRange({1}), out);
  const auto bits = out.to_host<std::int32_t>(stream);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(bits[i], std::bit_cast<std::int32_t>(values[i])) << values[i];
  }
  EXPECT_EQ(bits[6], 4 + 1);
}

TEST(BuildOptions, RefuseWhatHasNoLiteral) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  expect_throws<InvalidArgument>([&] { BuildOptions().define("A", -infinity); },
                                 "[BuildOptions::define]", "-inf of A", "INFINITY or NAN");
  expect_throws<InvalidArgument>([&] { BuildOptions().define("A", std::nan("")); }, "nan of A",
                                 "INFINITY or NAN");
  EXPECT_THROW(BuildOptions().define("1A", 1.0f), InvalidArgument);
}

TEST(BuildOptions, NameFoldersByTheirAbsolutePath) {
  const test::TemporaryDirectory folder;
  BuildOptions options;
  options.define("A", 1).include_directory(folder.path());
  EXPECT_EQ(options.str(), "-DA=1 -I " + folder.path().string());
  options.include_directory(".");
  ASSERT_EQ(options.include_directories().size(), 2u);
  EXPECT_EQ(options.include_directories()[0], folder.path());
  EXPECT_TRUE(std::filesystem::path(options.include_directories()[1]).is_absolute());
}

TEST(BuildOptions, RefuseFoldersThatAreNotThereOrThatDriversSplit) {
  const test::TemporaryDirectory folder;
  BuildOptions options;
  for (const char* name : {"a b", "a\tb", "a'b", "a\"b", "a\\b"}) {
    std::filesystem::create_directory(folder.path() / name);
    expect_throws<InvalidArgument>([&] { options.include_directory(folder.path() / name); },
                                   "[BuildOptions::include_directory]", name,
                                   "a link to the folder");
  }
  std::ofstream(folder.path() / "file") << "x";
  for (const auto& path :
       {folder.path() / "gone", folder.path() / "file", std::filesystem::path()}) {
    expect_throws<InvalidArgument>([&] { options.include_directory(path); },
                                   "[BuildOptions::include_directory]",
                                   "'" + path.string() + "' is no folder");
  }
  EXPECT_EQ(options.str(), "");
  EXPECT_TRUE(options.include_directories().empty());
}

TEST(BuildOptions, TakeTheNamesOfStandardsOnly) {
  for (const char* version : {"CL1.1", "CL1.2", "CL2.0", "CL3.0", "CLC++", "CLC++1.0", "CLC++2021"})
    EXPECT_EQ(BuildOptions().standard(version).str(), "-cl-std=" + std::string(version));
  for (const char* version : {"", "CL", "1.2", "cl1.2", "CL1.2 -DN=3", "CL1.2 ", "CL12", "CL1.",
                              "CL1.2.3", "CL-1.2", "CL1.2\n", "CLC++ 1", "CLC++-D"}) {
    expect_throws<InvalidArgument>([&] { BuildOptions().standard(version); },
                                   "[BuildOptions::standard]", "'" + std::string(version) + "'",
                                   "CL1.2");
  }
}

TEST(BuildOptions, StayUnchangedAfterARefusal) {
  BuildOptions options;
  options.define("A", 1);
  EXPECT_THROW(options.define("B", "x y"), InvalidArgument);
  EXPECT_EQ(options.str(), "-DA=1");
}

}  // namespace
}  // namespace dovetail
