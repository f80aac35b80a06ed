// SPDX-License-Identifier: Apache-2.0
// A header that changes while the compiler reads it. Defines an entry point of OpenCL itself: the
// program's own come before those of the loader, for its shared libraries, too.
#include <CL/cl.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <utility>

#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {
std::function<void()> before_next_build;  // empty but in the test below
}

extern "C" __attribute__((visibility("default"))) cl_int CL_API_CALL
clBuildProgram(cl_program program, cl_uint count, const cl_device_id* devices, const char* options,
               void(CL_CALLBACK* notify)(cl_program, void*), void* user_data) {
  static auto* const next =
      reinterpret_cast<decltype(::clBuildProgram)*>(::dlsym(RTLD_NEXT, "clBuildProgram"));
  if (before_next_build) std::exchange(before_next_build, nullptr)();
  return next(program, count, devices, options, notify, user_data);
}

namespace dovetail {
namespace {

using test::context;

TEST(HeaderRace, ProgramOfAHeaderThatChangedMeanwhileIsNotKept) {
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
  before_next_build = [&] { set_value(2); };
  EXPECT_EQ(value_in(cache), 2) << "the compiler read the new header";
  set_value(1);
  EXPECT_EQ(value_in(cache), 1) << "in memory";
  EXPECT_EQ(cache.statistics().builds, 2u);

  const test::TemporaryDirectory other;
  ProgramCache writer(context(), {other.path()});
  before_next_build = [&] { set_value(3); };
  EXPECT_EQ(value_in(writer), 3);
  EXPECT_TRUE(std::filesystem::is_empty(other.path()));
  set_value(1);
  ProgramCache reader(context(), {other.path()});
  EXPECT_EQ(value_in(reader), 1) << "on disk";
}

}  // namespace
}  // namespace dovetail
