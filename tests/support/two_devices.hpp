// SPDX-License-Identifier: Apache-2.0
// Two devices of one platform, for tests of what happens when they are mixed up.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "dovetail/core/device.hpp"
#include "tests/support/child_process.hpp"

namespace dovetail::test {

/// The first two devices that share a platform.
inline std::optional<std::pair<Device, Device>> two_devices() {
  const auto devices = Device::all();
  for (std::size_t i = 1; i < devices.size(); ++i) {
    if (devices[i].platform() == devices[i - 1].platform()) {
      return std::pair(devices[i - 1], devices[i]);
    }
  }
  return std::nullopt;
}

/// Calls `body(first, second)`; on a machine with one device, in a process where PoCL shows two.
template <typename Body>
void with_two_devices(Body body) {
  if (const auto devices = two_devices()) return body(devices->first, devices->second);
  if (in_child()) GTEST_SKIP() << "no platform shows two devices";
  const auto child = run_again_in_child({{"POCL_DEVICES", "pthread pthread"}});
  if (child.output.find("[  SKIPPED ]") != std::string::npos) {
    GTEST_SKIP() << "no platform shows two devices";
  }
  EXPECT_TRUE(child.passed) << child.output;
}

}  // namespace dovetail::test
