// SPDX-License-Identifier: Apache-2.0
// What a stream that failed leaves behind.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/object_balance.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;

class FailedStream : public test::LayerTest {
 protected:
  static std::int64_t events_kept_by(const std::function<void()>& work) {
    const std::uint64_t before = test::totals().events;
    const test::Calls calls = test::calls_during(work);
    return test::ObjectBalance(calls, test::totals().events - before, 0).events;
  }

  static void fail_and_go() {
    const Stream stream(context());
    test::Gate gate(stream);
    with_queue(stream, {}, "nothing", [](cl_command_queue) {});
    const Event event = stream.record();
    gate.fail(CL_OUT_OF_RESOURCES);
    EXPECT_TRUE(test::caught<CommandError>([&] { event.synchronize(); }));
  }
};

TEST_F(FailedStream, KeepsNoEventOnceItIsGone) {
  static_cast<void>(context());
  std::int64_t held = events_kept_by([] {
    for (int i = 0; i < 5; ++i) fail_and_go();
  });
  // Each new stream has the library look how those that are gone have ended.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (held != 0 && std::chrono::steady_clock::now() < deadline) {
    held += events_kept_by([] { const Stream another(context()); });
  }
  EXPECT_EQ(held, 0);
}

}  // namespace
}  // namespace dovetail
