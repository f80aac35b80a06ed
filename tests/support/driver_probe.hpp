// SPDX-License-Identifier: Apache-2.0
// Asks the driver, in plain OpenCL, for what OpenCL demands and some drivers do not do.
#pragma once

#include <gtest/gtest.h>

namespace dovetail::test {

/// Returns whether the default device's driver fails commands that wait for a failed event. Asks it
/// once in a process.
bool failures_propagate();

}  // namespace dovetail::test

/// Skips the test on a driver that runs commands which wait for a failed event.
#define DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE() \
  if (!dovetail::test::failures_propagate())      \
  GTEST_SKIP() << "this driver runs commands that wait for a failed event, and reports success"
