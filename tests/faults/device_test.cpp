// SPDX-License-Identifier: Apache-2.0
// Device discovery while single calls of the driver fail.
#include "dovetail/core/device.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "tests/support/fault.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::caught;
using test::Fault;

/// The name of the entry point that fails.
class FaultyPlatform : public test::FaultTest, public testing::WithParamInterface<const char*> {};

TEST_P(FaultyPlatform, ThrowsRatherThanReportNoDevice) {
  {
    const Fault fault(GetParam(), {.count = 100, .status = CL_OUT_OF_HOST_MEMORY});
    const auto error = caught<OutOfMemory>([] { Device::select(""); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->call(), GetParam());
    EXPECT_GE(fault.fired(), 1u);
  }
  EXPECT_NO_THROW(Device::select(""));
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultyPlatform,
                         testing::Values("clGetPlatformIDs", "clGetDeviceIDs"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace dovetail
