// SPDX-License-Identifier: Apache-2.0
// Runs a test once for each way of replaying a recording.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/recording.hpp"
#include "tests/support/contexts.hpp"

namespace dovetail::test {

/// Skips what the device cannot do.
class ReplayTest : public testing::TestWithParam<ReplayMethod> {
 protected:
  void SetUp() override {
    if (GetParam() != ReplayMethod::command_buffer) return;
    try {
      const Capture capture(Stream(context()), options());
    } catch (const InvalidArgument& error) {
      GTEST_SKIP() << error.what();
    }
  }
  RecordingOptions options() const { return {.method = GetParam()}; }
};

inline std::string name_of_method(const testing::TestParamInfo<ReplayMethod>& info) {
  return std::string(to_string(info.param));
}

}  // namespace dovetail::test

#define DOVETAIL_FOR_EACH_REPLAY_METHOD(suite)                                     \
  INSTANTIATE_TEST_SUITE_P(Methods, suite,                                         \
                           testing::Values(dovetail::ReplayMethod::command_buffer, \
                                           dovetail::ReplayMethod::launch_list),   \
                           dovetail::test::name_of_method)
