// SPDX-License-Identifier: Apache-2.0
// A header that changes while the compiler reads it.
#include <gtest/gtest.h>

#include <fstream>

#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/before_build.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/temporary_directory.hpp"

namespace dovetail {
namespace {

using test::context;

TEST(HeaderRace, CacheDropsAProgramWhoseHeaderChangedMeanwhile) {
  const test::TemporaryDirectory folder, headers;
  const auto set_value = [&](int value) {
    std::ofstream(headers.path() / "h.h", std::ios::trunc) << "#define VALUE " << value << "\n";
  };
  const BuildOptions options = BuildOptions().include_directory(headers.path());
  const ProgramSource source{.name = "race.cl",
                             .text =
                                 "#include \"h.h\"\n"
                                 "kernel void value(global int* out) { out[0] = VALUE; }"};
  const auto value_in = [&](ProgramCache& cache) {
    const Stream stream(context());
    const Tensor out = Tensor::zeros(stream, {1}, DType::i32);
    Kernel(cache.get(source, options), "value").launch(stream, NDRange({1}), out);
    return out.to_host<std::int32_t>(stream).at(0);
  };
  ProgramCache cache(context(), {folder.path()});
  set_value(1);
  test::before_next_build([&] { set_value(2); });
  EXPECT_EQ(value_in(cache), 2) << "the compiler read the new header";
  set_value(1);
  EXPECT_EQ(value_in(cache), 1) << "in memory";
  EXPECT_EQ(cache.statistics().builds, 2u);

  const test::TemporaryDirectory other;
  ProgramCache writer(context(), {other.path()});
  test::before_next_build([&] { set_value(3); });
  EXPECT_EQ(value_in(writer), 3);
  EXPECT_TRUE(std::filesystem::is_empty(other.path()));
  set_value(1);
  ProgramCache reader(context(), {other.path()});
  EXPECT_EQ(value_in(reader), 1) << "on disk";
}

}  // namespace
}  // namespace dovetail
