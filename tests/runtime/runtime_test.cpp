// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/runtime.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "tests/support/external_queue.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;
using test::handle;
using test::on;

TEST(Runtime, MakesAQueueOfItsOwnOnTheDefaultContext) {
  const Runtime runtime;
  EXPECT_TRUE(runtime.has_own_queue());
  EXPECT_EQ(runtime.stream().origin(), StreamOrigin::owned);
  EXPECT_EQ(runtime.context(), Context::default_context());
  EXPECT_EQ(runtime.device(), Context::default_context().device());
  EXPECT_EQ(&runtime.programs(), &ProgramCache::of(Context::default_context()));
  const Runtime other({.device = Context::default_context().device()});
  EXPECT_EQ(other.context(), Context::default_context());
  EXPECT_FALSE(other.shares_queue_with(runtime.stream()));
}

TEST(Runtime, AnotherDeviceGetsAContextOfItsOwn) {
  test::with_two_devices([](const Device& first, const Device& second) {
    for (const Device& device : {first, second}) {
      const Runtime runtime({.device = device});
      EXPECT_EQ(runtime.device(), device);
      EXPECT_TRUE(runtime.has_own_queue());
      EXPECT_EQ(runtime.context() == Context::default_context(),
                device == Context::default_context().device());
    }
  });
}

TEST(Runtime, RefusesOptionsThatContradictEachOther) {
  const test::NativeQueue queue(context());
  const auto peer = std::make_shared<test::LazyPeer>(queue.get());
  RuntimeOptions options = on(queue);
  options.external_origin = StreamOrigin::owned;
  expect_throws<InvalidArgument>([&] { Runtime{options}; }, "[Runtime]", "'owned'",
                                 "leave external_queue 0");
  expect_throws<InvalidArgument>([&] { Runtime({.peer = peer}); }, "[Runtime]",
                                 "'lazy peer' was given without external_queue");
  options = on(queue);
  options.exclusive = true;
  options.peer = peer;
  expect_throws<InvalidArgument>([&] { Runtime{options}; }, "[Runtime]", "exclusive",
                                 "'lazy peer'");
}

TEST(Runtime, KeepsTheStreamThatItIsMadeFrom) {
  std::optional<Stream> stream(std::in_place, context());
  const std::uint64_t id = stream->id();
  const Runtime runtime(*stream);
  stream.reset();
  EXPECT_EQ(runtime.stream().id(), id);
  EXPECT_FALSE(runtime.has_own_queue()) << "it did not make it";
  const Buffer data = test::buffer_of({1});
  runtime.launch(test::set_kernel(), NDRange({1}), data, 7);
  runtime.synchronize();
  EXPECT_EQ(test::contents(data), std::vector<int>{7});
}

TEST(Runtime, LaunchesInOrderOnItsStreamAndReturnsBeforeTheWorkRuns) {
  const Runtime runtime;
  const Buffer data = test::buffer_of({1});
  test::Gate gate(runtime.stream());
  runtime.launch(test::set_kernel(), NDRange({1}), data, 3);
  runtime.launch(test::grow_kernel(), NDRange({1}), data);
  EXPECT_EQ(runtime.stream().point().ticket, 2u);
  EXPECT_EQ(test::contents(data), std::vector<int>{1});
  gate.release();
  runtime.synchronize();
  EXPECT_EQ(test::contents(data), std::vector<int>{7});
}

TEST(Runtime, BuildsAKernelWithTheOptionsGiven) {
  const Runtime runtime;
  const ProgramSource source{.name = "value.cl",
                             .text = "kernel void put(global int* x) { *x = VALUE; }"};
  const Buffer data = test::buffer_of({1});
  runtime.launch(runtime.kernel(source, "put", BuildOptions().define("VALUE", 5)), NDRange({1}),
                 data);
  runtime.synchronize();
  EXPECT_EQ(test::contents(data), std::vector<int>{5});
  EXPECT_THROW(static_cast<void>(runtime.kernel(source, "put")), BuildError);
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(runtime.kernel(source, "get", BuildOptions().define("VALUE", 5))); },
      "no kernel 'get'");
}

TEST(Runtime, ReportsWhetherTensorsShareItsQueue) {
  const Runtime own;
  EXPECT_FALSE(own.shares_queue_with_tensors());
  const StreamOrigin either_way[] = {StreamOrigin::borrowed, StreamOrigin::retained};
  for (const StreamOrigin origin : either_way) {
    const Runtime shared(
        {.external_queue = handle(current_stream().get()), .external_origin = origin});
    EXPECT_TRUE(shared.shares_queue_with_tensors());
    EXPECT_TRUE(shared.shares_queue_with(current_stream()));
    EXPECT_FALSE(shared.has_own_queue());
    EXPECT_EQ(shared.stream().id(), current_stream().id());
    std::thread([&] { EXPECT_FALSE(shared.shares_queue_with_tensors()); }).join();
    const StreamGuard guard(own.stream());
    EXPECT_FALSE(shared.shares_queue_with_tensors());
    EXPECT_TRUE(own.shares_queue_with_tensors());
  }
}

TEST(Runtime, DescribesItselfInASentence) {
  const Runtime own;
  expect_parts(own.str(), "'" + own.device().name() + "'", "a queue of its own",
               "stream #" + std::to_string(own.stream().id()),
               "not shared with this thread's tensors");
  EXPECT_EQ(own.str().find("peer"), std::string::npos);

  const test::NativeQueue queue(context());
  RuntimeOptions options = on(queue);
  options.peer = std::make_shared<test::LazyPeer>(queue.get());
  const Runtime external(options);
  const StreamGuard guard(external.stream());
  expect_parts(external.str(), "an external queue, retained", ", shared with this thread's tensors",
               "peer 'lazy peer'");
}

TEST(Runtime, ThrowsInAForkedChild) {
  const Runtime runtime;
  const test::NativeQueue queue(context());
  for (const std::uintptr_t external : {std::uintptr_t{0}, handle(queue.get())}) {
    const auto child = test::run_in_fork([&]() -> std::string {
      try {
        Runtime({.external_queue = external});
      } catch (const ForkedProcess&) {
        return "refused";
      }
      return "not refused";
    });
    EXPECT_EQ(child.text, "refused");
  }
}

}  // namespace
}  // namespace dovetail
