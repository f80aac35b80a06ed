// SPDX-License-Identifier: Apache-2.0
// What the tests of recordings share: a stream, and work on two buffers, by each way to replay it.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/recorded_work.hpp"
#include "tests/support/replay_methods.hpp"

namespace dovetail::test {

class RecordingTest : public RecordedWork<ReplayTest> {
 protected:
  void TearDown() override { stream.synchronize(); }
  Recording capture(const std::function<void()>& work) const {
    return captured(stream, options(), work);
  }
  using RecordedWork::grow;
  using RecordedWork::set;
  void set(const Buffer& buffer, int value) const { set(stream, buffer, value); }
  void grow(const Buffer& buffer) const { grow(stream, buffer); }

  const Buffer data = buffer_of(all(1));
  const Buffer result = buffer_of(all(0));
};

}  // namespace dovetail::test
