// SPDX-License-Identifier: Apache-2.0
// What the tests of captures share: two streams, and work on one buffer.
#pragma once

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/recorded_work.hpp"

namespace dovetail::test {

class CaptureTest : public RecordedWork<testing::Test> {
 protected:
  static void fail(const Stream& on) {
    Gate gate(on);
    const Event event = on.record();
    gate.fail(-5);
    EXPECT_THROW(event.synchronize(), CommandError);
  }
  using RecordedWork::grow;
  void grow(const Stream& on) const { grow(on, data); }

  const Buffer data = buffer_of(all(1));
};

}  // namespace dovetail::test
