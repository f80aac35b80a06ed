// SPDX-License-Identifier: Apache-2.0
// Peers that a runtime attaches to its stream, and detaches as it goes.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/runtime.hpp"
#include "tests/support/external_queue.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::expect_throws;

class RuntimePeer : public testing::Test {
 protected:
  RuntimeOptions options() {
    RuntimeOptions with_peer = test::on(native);
    with_peer.peer = peer;
    return with_peer;
  }
  test::LazyPeer::Work setting(int value) {
    return [this, value](cl_command_queue queue) {
      test::raw_set(queue, {data, 0, data.nbytes()}, value);
    };
  }
  void grow(const Stream& stream) { test::grow_kernel().launch(stream, NDRange({1}), data); }

  const Buffer data = test::buffer_of({1});
  const test::NativeQueue native{test::context()};
  const std::shared_ptr<test::LazyPeer> peer = std::make_shared<test::LazyPeer>(native.get());
};

TEST_F(RuntimePeer, SubmitsBeforeTheRuntimesOwnWork) {
  const Runtime runtime(options());
  peer->record(setting(5));
  grow(runtime.stream());
  EXPECT_EQ(peer->submits(), 1);
  runtime.synchronize();
  EXPECT_EQ(test::contents(data), std::vector<int>{11});
}

TEST_F(RuntimePeer, LastHandleDetachesItAndSubmits) {
  std::optional<Runtime> runtime(std::in_place, options());
  // GCC 12 takes an optional for uninitialised.
  auto copy = std::make_unique<const Runtime>(*runtime);
  const Stream stream = runtime->stream();
  runtime.reset();
  peer->record(setting(5));
  EXPECT_EQ(peer->submits(), 0);
  EXPECT_THROW(stream.attach(peer), InvalidArgument) << "attached still";
  copy.reset();
  EXPECT_EQ(peer->submits(), 1);
  EXPECT_THROW(stream.detach(*peer), InvalidArgument) << "attached still";
  EXPECT_EQ(peer.use_count(), 1);
  stream.synchronize();
  EXPECT_EQ(test::contents(data), std::vector<int>{5});
}

TEST_F(RuntimePeer, SecondRuntimeRefusesIt) {
  const Runtime runtime(options());
  expect_throws<InvalidArgument>([&] { Runtime{options()}; }, "[Stream::attach]",
                                 "'lazy peer' is attached", "already");
  peer->record(setting(5));
  grow(runtime.stream());
  EXPECT_EQ(peer->submits(), 1) << "the refusal must not detach it";
  runtime.synchronize();
}

/// Holds back work and fails to submit it.
class StuckPeer : public Peer {
 public:
  std::string_view name() const noexcept override { return "stuck"; }
  PeerFrontiers frontiers() const noexcept override { return {.recorded = 1}; }
  void submit() override {
    if (throws_nothing_known) throw 5;  // NOLINT(hicpp-exception-baseclass)
    throw std::runtime_error("cannot submit");
  }
  bool throws_nothing_known = false;
};

TEST_F(RuntimePeer, RuntimeReportsAFailedSubmitWhenItGoes) {
  for (const bool is_known : {true, false}) {
    const auto stuck = std::make_shared<StuckPeer>();
    stuck->throws_nothing_known = !is_known;
    std::optional<Runtime> runtime;
    runtime.emplace(RuntimeOptions{.external_queue = test::handle(native.get()), .peer = stuck});
    const Stream stream = runtime->stream();
    testing::internal::CaptureStderr();
    runtime.reset();
    expect_parts(testing::internal::GetCapturedStderr(), "dovetail: the runtime's peer 'stuck'",
                 "stream #" + std::to_string(stream.id()),
                 is_known ? "cannot submit" : "an exception of another type");
    grow(stream);  // no longer calls its submit()
    stream.synchronize();
  }
}

TEST_F(RuntimePeer, RuntimeReportsNothingOfADetachedOne) {
  std::optional<Runtime> runtime(std::in_place, options());
  runtime->stream().detach(*peer);
  testing::internal::CaptureStderr();
  runtime.reset();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(RuntimePeer, ForkedChildLeavesItAlone) {
  std::optional<Runtime> runtime(std::in_place, options());
  peer->record([](cl_command_queue) { throw std::runtime_error("submitted"); });
  const auto child = test::run_in_fork([&] {
    testing::internal::CaptureStderr();
    runtime.reset();
    return testing::internal::GetCapturedStderr() + std::to_string(peer->submits());
  });
  EXPECT_EQ(child.text, "0");
  testing::internal::CaptureStderr();
  runtime.reset();
  expect_parts(testing::internal::GetCapturedStderr(), "submitted");
}

}  // namespace
}  // namespace dovetail
