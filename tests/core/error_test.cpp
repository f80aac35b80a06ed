// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/error.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;

TEST(Error, TypesFormTheDocumentedHierarchy) {
  static_assert(std::is_base_of_v<std::runtime_error, Error>);
  static_assert(std::is_base_of_v<Error, OpenCLError>);
  static_assert(std::is_base_of_v<OpenCLError, OutOfMemory>);
  static_assert(std::is_base_of_v<OpenCLError, BuildError>);
  static_assert(std::is_base_of_v<Error, VendorError>);
  static_assert(std::is_base_of_v<Error, NoDevice>);
  static_assert(std::is_base_of_v<Error, ForkedProcess>);
  static_assert(std::is_base_of_v<std::invalid_argument, InvalidArgument>);
  static_assert(!std::is_base_of_v<Error, InvalidArgument>);
  EXPECT_THROW(throw BuildError(-11, "p", "", "", SourceLocation::current()), OpenCLError);
  EXPECT_THROW(throw OutOfMemory(-4, "clCreateBuffer", SourceLocation::current()), Error);
}

TEST(Error, OpenCLErrorKeepsTheStatusTheCallAndThePlace) {
  const auto here = SourceLocation::current();
  const OpenCLError error(CL_INVALID_VALUE, "clCreateBuffer", here, "a block of 3 bytes");
  EXPECT_EQ(error.code(), CL_INVALID_VALUE);
  EXPECT_EQ(error.call(), "clCreateBuffer");
  EXPECT_EQ(error.where().line(), here.line());
  expect_parts(error.what(), "clCreateBuffer returned CL_INVALID_VALUE (-30)", "a block of 3 bytes",
               "error_test.cpp:" + std::to_string(here.line()));
}

SourceLocation place_of_call(SourceLocation place = SourceLocation::current()) { return place; }

TEST(SourceLocation, DefaultArgumentNamesFileFunctionAndLineOfTheCall) {
  const SourceLocation here = SourceLocation::current(), call = place_of_call();
  EXPECT_EQ(call.line(), here.line());
  EXPECT_STREQ(call.file_name(), here.file_name());
  expect_parts(call.file_name(), "core/error_test.cpp");
  EXPECT_STREQ(call.function_name(), "TestBody");
}

TEST(Error, BuildErrorCarriesTheLogAndTheOptions) {
  const BuildError error(CL_BUILD_PROGRAM_FAILURE, "kernels/x.cl", "-DTILE=4", "x.cl:1: oh no",
                         SourceLocation::current());
  EXPECT_EQ(error.code(), CL_BUILD_PROGRAM_FAILURE);
  EXPECT_EQ(error.call(), "clBuildProgram");
  EXPECT_EQ(error.log(), "x.cl:1: oh no");
  EXPECT_EQ(error.options(), "-DTILE=4");
  expect_parts(error.what(), "kernels/x.cl", "-DTILE=4", "x.cl:1: oh no",
               "CL_BUILD_PROGRAM_FAILURE (-11)");
}

TEST(Error, VendorErrorNamesTheRoutineAndItsStatus) {
  const VendorError error("CLBlast Gemm", -1011, "m 0");
  EXPECT_EQ(error.routine(), "CLBlast Gemm");
  EXPECT_EQ(error.status(), -1011);
  EXPECT_STREQ(error.what(), "CLBlast Gemm failed with status -1011: m 0");
}

TEST(Error, StatusNameKnowsEveryStatusOfOpenCL) {
  EXPECT_EQ(status_name(0), "CL_SUCCESS");
  EXPECT_EQ(status_name(-5), "CL_OUT_OF_RESOURCES");
  EXPECT_EQ(status_name(-1001), "CL_PLATFORM_NOT_FOUND_KHR");
  EXPECT_EQ(status_name(1), "unknown OpenCL status");
  EXPECT_EQ(status_name(-20000), "unknown OpenCL status");
  // The statuses of OpenCL 1.2 except those of images and samplers. Without a name a user sees a
  // number.
  for (const int status :
       {-1,  -2,  -3,  -4,  -5,  -6,  -7,  -8,  -11, -12, -13, -14, -15, -16, -17, -19,
        -30, -31, -32, -33, -34, -35, -36, -37, -38, -42, -43, -44, -45, -46, -47, -48,
        -49, -50, -51, -52, -53, -54, -55, -56, -57, -58, -59, -61, -63, -64, -66, -67}) {
    EXPECT_TRUE(status_name(status).starts_with("CL_")) << status;
  }
}

}  // namespace
}  // namespace dovetail
