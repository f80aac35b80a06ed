// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "lib/core/opencl_release.hpp"
#include "tests/support/before_build.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;

constexpr const char* two_kernels =
    "kernel void first(global float* data, constant int* table, uint n, float4 v,\n"
    "                  local float* scratch, global const float* input) {\n"
    "  data[get_global_id(0)] = v.x + table[0] + n + input[0] + scratch[0];\n"
    "}\n"
    "kernel void second(global float* data) { data[0] = 1.0f; }\n";

const KernelSignature& signature(const Program& program, const std::string& name) {
  return *std::ranges::find(program.signatures(), name, &KernelSignature::name);
}

TEST(Program, ReportsItsKernelsParameters) {
  const Program program = Program::from_source(context(), {.name = "two.cl", .text = two_kernels});
  EXPECT_EQ(program.name(), "two.cl");
  EXPECT_EQ(program.device(), context().device());
  EXPECT_EQ(program.context(), context().get());
  ASSERT_EQ(program.signatures().size(), 2u);
  EXPECT_EQ(signature(program, "second").parameters.size(), 1u);

  const auto& parameters = signature(program, "first").parameters;
  const KernelParameter expected[] = {{"data", "float*", AddressSpace::global, false},
                                      {"table", "int*", AddressSpace::constant, false},
                                      {"n", "uint", AddressSpace::private_, false},
                                      {"v", "float4", AddressSpace::private_, false},
                                      {"scratch", "float*", AddressSpace::local, false},
                                      {"input", "float*", AddressSpace::global, true}};
  ASSERT_EQ(parameters.size(), std::size(expected));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_EQ(parameters[i].name, expected[i].name);
    EXPECT_EQ(parameters[i].type, expected[i].type);
    EXPECT_EQ(parameters[i].address_space, expected[i].address_space) << expected[i].name;
    if (expected[i].address_space == AddressSpace::global) {
      EXPECT_EQ(parameters[i].is_const, expected[i].is_const) << expected[i].name;
    }
  }
}

TEST(Program, ReportsWhichMemoryAKernelOnlyReads) {
  const Program program = Program::from_source(
      context(),
      {.name = "qualified.cl",
       .text = "typedef const float fixed_float;\n"
               "typedef global const float* fixed_pointer;\n"
               "kernel void qualified(global const float* restrict a, global fixed_float* b,\n"
               "    fixed_pointer c, float const global* d, global const volatile float* e,\n"
               "    global float* restrict f, global float* const g, global volatile float* h) {\n"
               "  f[0] = a[0]; g[0] = b[0] + c[0]; h[0] = d[0] + e[0];\n"
               "}\n"});
  const auto& parameters = signature(program, "qualified").parameters;
  ASSERT_EQ(parameters.size(), 8u);
  for (const KernelParameter& parameter : parameters) {
    EXPECT_EQ(parameter.address_space, AddressSpace::global) << parameter.name;
    EXPECT_EQ(parameter.is_const, parameter.name <= "e") << parameter.name;
  }
}

// NVIDIA's compiler fails on such a kernel if it must record parameters.
TEST(Program, HoldsAKernelWithoutParameters) {
  const Program program =
      Program::from_source(context(), {.name = "none.cl", .text = "kernel void none() {}\n"});
  EXPECT_TRUE(signature(program, "none").parameters.empty());
  const Stream stream(context());
  Kernel(program, "none").launch(stream, NDRange({4}));
  stream.synchronize();
}

TEST(Program, GivesTheBinaryOfItsOwnDevice) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const cl_device_id devices[] = {first.get(), second.get()};
    cl_int status = CL_SUCCESS;
    const detail::Owned<cl_context> native(
        clCreateContext(nullptr, 2, devices, nullptr, nullptr, &status));
    ASSERT_EQ(status, CL_SUCCESS);
    for (const Device& device : {first, second}) {
      const Context both = Context::retain(native.get(), device);
      const Program built = Program::from_source(both, {.name = "two.cl", .text = two_kernels});
      const auto binary = built.binary();
      EXPECT_FALSE(binary.empty());
      EXPECT_EQ(Program::from_binary(both, "two.cl", binary).signatures().size(), 2u);
    }
  });
}

TEST(Program, BuildErrorCarriesLogOptionsAndName) {
  const auto error = test::caught<BuildError>([] {
    static_cast<void>(Program::from_source(
        context(), {.name = "broken.cl", .text = "kernel void f() { undeclared_thing = WIDTH; }"},
        BuildOptions().define("WIDTH", 4)));
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), CL_BUILD_PROGRAM_FAILURE);
  EXPECT_EQ(error->options(), "-DWIDTH=4");
  expect_parts(error->log(), "undeclared_thing");
  expect_parts(error->what(), "'broken.cl'", "-DWIDTH=4", "undeclared_thing");
}

TEST(Program, BuildErrorQuotesItsLines) {
  const auto error = test::caught<BuildError>([] {
    static_cast<void>(Program::from_source(context(), {.name = "quoted.cl",
                                                       .text = "// one\n"
                                                               "kernel void f(global int* out) {\n"
                                                               "  const int two = 2;\n"
                                                               "\tout[two] = first_unknown;\n"
                                                               "  // five\n"
                                                               "}\n"
                                                               "#line 70 \"generated.cl\"\n"
                                                               "kernel void g(global int* out) {\n"
                                                               "  out[0] = second_unknown;\n"
                                                               "}\n"}));
  });
  ASSERT_TRUE(error);
  expect_parts(error->quotes(), "quoted.cl:4:13: ",
               "    2 | kernel void f(global int* out) {\n"
               "    3 |   const int two = 2;\n"
               ">   4 | \tout[two] = first_unknown;\n"
               "      | \t           ^\n"
               "    5 |   // five\n"
               "    6 | }\n",
               "  out[0] = second_unknown;\n"
               "      |            ^\n");
  if (context().device().platform_name() != "NVIDIA CUDA") {  // whose compiler ignores #line
    expect_parts(error->quotes(), "generated.cl:71:12: ", ">  71 |   out[0] = second_unknown;\n");
  }
  expect_parts(error->what(), error->quotes(), error->log());
}

TEST(Program, OptionsReachTheCompiler) {
  EXPECT_THROW(static_cast<void>(Program::from_source(
                   context(), {.name = "x", .text = "kernel void f() { int a[SIZE]; }"})),
               BuildError);
  EXPECT_NO_THROW(static_cast<void>(
      Program::from_source(context(), {.name = "x", .text = "kernel void f() { int a[SIZE]; }"},
                           BuildOptions().define("SIZE", 3))));
}

TEST(Program, RunsFromItsBinary) {
  const char* text = "kernel void f(global int* out, int value) { out[get_global_id(0)] = value; }";
  const Program built = Program::from_source(context(), {.name = "f.cl", .text = text});
  const auto binary = built.binary();
  ASSERT_FALSE(binary.empty());
  const Program loaded = Program::from_binary(context(), "f.cl", binary, built.signatures());
  const Stream stream(context());
  const Tensor out = Tensor::zeros(stream, {8}, DType::i32);
  Kernel(loaded, "f").launch(stream, NDRange({8}), out, 42);
  EXPECT_EQ(out.to_host<std::int32_t>(stream), std::vector<std::int32_t>(8, 42));
}

void expect_refusal(const std::string& name, std::span<const unsigned char> binary,
                    std::vector<KernelSignature> signatures) {
  const auto error = test::caught<OpenCLError>([&] {
    static_cast<void>(Program::from_binary(context(), name, binary, std::move(signatures)));
  });
  ASSERT_TRUE(error);
  EXPECT_LT(error->code(), 0);
  expect_parts(error->what(), "[Program::from_binary]", "'" + name + "'",
               std::to_string(binary.size()) + " bytes", context().device().name(),
               "build it from its source");
}

TEST(Program, RefusesBytesThatAreNoBinary) {
  const std::vector<unsigned char> nonsense(100, 7);
  expect_refusal("nonsense", nonsense, {});
  expect_refusal("nonsense", nonsense, {{.name = "f", .parameters = {}}});
}

// A driver may accept any bytes and check them only at linking.
TEST(Program, RefusesABinaryThatDoesNotLinkInTheSameWords) {
  const Program built = Program::from_source(
      context(), {.name = "f.cl", .text = "kernel void f(global int* out) { out[0] = 1; }"});
  for (const cl_int status : {CL_INVALID_BINARY, CL_BUILD_PROGRAM_FAILURE}) {
    test::fail_next_build(status);
    expect_refusal("f.cl", built.binary(), built.signatures());
  }
}

TEST(Program, EnvironmentsFolderReplacesTheLibrarysKernels) {
  if (test::in_child()) {
    const Stream stream(context());
    const Tensor a = Tensor::full(stream, {3}, 2.0);
    if (std::getenv("DOVETAIL_TEST_EXPECT_FAILURE") != nullptr) {
      const auto error = test::caught<BuildError>([&] { static_cast<void>(exp(stream, a)); });
      ASSERT_TRUE(error);
      // The log's line is the file's, though the compiled text has one more before it.
      expect_parts(error->what(), "'kernels/pointwise/rows.cl'", "this_is_broken");
      if (context().device().platform_name() != "NVIDIA CUDA") {  // whose compiler ignores #line
        expect_parts(error->what(), "kernels/pointwise/rows.cl:2:");
      }
      return;
    }
    EXPECT_EQ(exp(stream, a).to_host<float>(stream), std::vector<float>(3, 7.0f));
    expect_throws<InvalidArgument>(
        [&] { static_cast<void>(unary(stream, UnaryOperation::negate, a)); },
        "has no kernel 'negate_f32'", "exp_f32");
    return;
  }
  const test::TemporaryDirectory folder;
  const auto run = [&](const char* text, const char* expect_failure) {
    std::filesystem::create_directories(folder.path() / "pointwise");
    std::ofstream(folder.path() / "pointwise" / "rows.cl") << text;
    std::vector<std::pair<std::string, std::string>> variables{
        {"DOVETAIL_KERNEL_DIR", folder.path().string()}};
    if (expect_failure != nullptr) variables.emplace_back("DOVETAIL_TEST_EXPECT_FAILURE", "1");
    return test::run_again_in_child(variables);
  };
  const auto replaced =
      run("typedef struct {\n"
          "  ulong counts[11];\n"
          "  uint dimensions[2];\n"
          "  long places[27];\n"
          "} Rows;\n"
          "kernel void exp_f32(global const float* x, global float* out, const Rows rows) {\n"
          "  for (int i = 0; i < 3; ++i) out[i] = 7.0f;\n"
          "}\n",
          nullptr);
  EXPECT_TRUE(replaced.passed) << replaced.output;
  const auto broken = run("\nkernel void exp_f32() { this_is_broken; }\n", "1");
  EXPECT_TRUE(broken.passed) << broken.output;
}

TEST(Program, OpenCLTypesHaveSizes) {
  EXPECT_EQ(size_of_opencl_type("float"), 4u);
  EXPECT_EQ(size_of_opencl_type("uchar"), 1u);
  EXPECT_EQ(size_of_opencl_type("ulong"), 8u);
  EXPECT_EQ(size_of_opencl_type("half"), 2u);
  EXPECT_EQ(size_of_opencl_type("float3"), 16u);
  EXPECT_EQ(size_of_opencl_type("double16"), 128u);
  for (const char* other : {"", "float*", "float5", "float32", "floats", "int8_t", "struct S"}) {
    EXPECT_EQ(size_of_opencl_type(other), 0u) << other;
  }
}

}  // namespace
}  // namespace dovetail
