// SPDX-License-Identifier: Apache-2.0
// Programs are built and released while single calls of the driver fail.
#include "dovetail/runtime/program.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "dovetail/core/error.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/fault.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::context;
using test::expect_parts;
using test::Fault;

class FaultyProgram : public test::FaultTest {
 protected:
  static Program build() {
    return Program::from_source(
        context(), {.name = "set.cl",
                    .text = "kernel void set(global int* out, int value) { out[0] = value; }"});
  }
};

TEST_F(FaultyProgram, ReportsAReleaseThatFails) {
  std::optional<Program> program(build());
  const Fault fault("clReleaseProgram");
  testing::internal::CaptureStderr();
  program.reset();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "dovetail: clReleaseProgram returned -5 while an object was destroyed\n");
}

TEST_F(FaultyProgram, ReportsAKernelThatIsNotReleased) {
  const Fault fault("clReleaseKernel");
  testing::internal::CaptureStderr();
  static_cast<void>(build());
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "dovetail: clReleaseKernel returned -5 while an object was destroyed\n");
}

TEST_F(FaultyProgram, ReportsWhyItDoesNotBuildWithoutALog) {
  const Fault fault("clBuildProgram");
  const Fault without_log("clGetProgramBuildInfo", {.count = 100, .status = CL_INVALID_PROGRAM});
  const auto error = caught<BuildError>([] { build(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), CL_OUT_OF_RESOURCES);
  EXPECT_EQ(error->call(), "clBuildProgram");
  expect_parts(error->what(), "clBuildProgram returned CL_OUT_OF_RESOURCES", "'set.cl'",
               "clGetProgramBuildInfo returned CL_INVALID_PROGRAM");
}

TEST_F(FaultyProgram, BuildsNoOtherWayWhenTheCompilerLacksMemory) {
  for (const cl_int status : {CL_OUT_OF_HOST_MEMORY, CL_OUT_OF_RESOURCES}) {
    SCOPED_TRACE(status);
    const Fault fault("clBuildProgram", {.status = status});
    try {
      build();
      ADD_FAILURE() << "built";
    } catch (const OpenCLError& error) {
      EXPECT_EQ(error.code(), status);
      EXPECT_EQ(error.call(), "clBuildProgram");
      expect_parts(error.what(), "'set.cl'");
    }
  }
  EXPECT_EQ(build().signatures().at(0).parameters.at(1).type, "int");
}

TEST_F(FaultyProgram, BuildsAgainWhenTheCompilerCannotKeepSignatures) {
  const Fault fault("clBuildProgram", {.status = CL_BUILD_PROGRAM_FAILURE});
  EXPECT_EQ(build().signatures().at(0).parameters.size(), 2u);
  EXPECT_EQ(fault.fired(), 1u);
}

TEST_F(FaultyProgram, NamesTheEntryPointThatFails) {
  const Program program = build();
  const auto binary = program.binary();
  for (const char* const name : {"clRetainContext", "clRetainDevice", "clCreateProgramWithSource",
                                 "clCreateProgramWithBinary", "clCreateKernelsInProgram",
                                 "clGetKernelInfo", "clGetKernelArgInfo", "clGetProgramInfo"}) {
    SCOPED_TRACE(name);
    const Fault fault(name);
    try {
      build();
      static_cast<void>(Program::from_binary(context(), "set.cl", binary));
      static_cast<void>(program.binary());
      EXPECT_EQ(fault.fired(), 0u) << "not a word of it";
    } catch (const OpenCLError& error) {
      EXPECT_EQ(error.call(), name);
    }
  }
}

}  // namespace
}  // namespace dovetail
