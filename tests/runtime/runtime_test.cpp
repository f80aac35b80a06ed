// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/runtime.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <thread>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::text_thrown;

std::uintptr_t handle(cl_command_queue queue) { return reinterpret_cast<std::uintptr_t>(queue); }

RuntimeOptions on(const test::NativeQueue& queue) {
  return {.external_queue = handle(queue.get())};
}

/// A context that the test makes with OpenCL alone.
class NativeContext {
 public:
  explicit NativeContext(const Device& device) : device_(device.get()) {
    context_ = clCreateContext(nullptr, 1, &device_, nullptr, nullptr, nullptr);
  }
  ~NativeContext() { clReleaseContext(context_); }
  NativeContext(const NativeContext&) = delete;
  NativeContext& operator=(const NativeContext&) = delete;
  cl_context get() const { return context_; }

 private:
  cl_device_id device_;
  cl_context context_;
};

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

TEST(Runtime, RetainsAnExternalQueueUnlessToldToBorrowIt) {
  const test::NativeQueue queue(context());
  const cl_uint before = test::references(queue.get());
  {
    RuntimeOptions options = on(queue);
    options.external_origin = StreamOrigin::borrowed;
    const Runtime borrowing(options);
    EXPECT_FALSE(borrowing.has_own_queue());
    EXPECT_EQ(borrowing.stream().get(), queue.get());
    EXPECT_EQ(borrowing.stream().origin(), StreamOrigin::borrowed);
    EXPECT_EQ(borrowing.context(), context());
    EXPECT_EQ(test::references(queue.get()), before);
  }
  {
    const Runtime retaining(on(queue));
    EXPECT_FALSE(retaining.has_own_queue());
    EXPECT_EQ(retaining.stream().origin(), StreamOrigin::retained);
    EXPECT_EQ(test::references(queue.get()), before + 1);
  }
  EXPECT_EQ(test::references(queue.get()), before);
}

TEST(Runtime, TakesTheContextAndTheDeviceFromTheExternalQueue) {
  const Device device = Device::default_device();
  const NativeContext native(device);
  const Context adopted = Context::retain(native.get(), device);
  const test::NativeQueue queue(adopted);
  const Runtime runtime(on(queue));
  EXPECT_EQ(runtime.context().get(), native.get());
  EXPECT_EQ(runtime.device(), device);
  EXPECT_FALSE(runtime.context() == Context::default_context());
}

TEST(Runtime, TwoQueuesOfOneContextShareCacheAndPool) {
  const Device device = Device::default_device();
  const NativeContext native(device);
  const test::NativeQueue first(Context::retain(native.get(), device));
  const test::NativeQueue second(Context::retain(native.get(), device));
  const Runtime one(on(first)), two(on(second));
  EXPECT_EQ(&one.programs(), &two.programs());
  EXPECT_EQ(&MemoryPool::of(one.context()), &MemoryPool::of(two.context()));

  const ProgramSource source{.name = "one.cl", .text = "kernel void f(global int* x) { *x = 1; }"};
  static_cast<void>(one.kernel(source, "f"));
  const auto before = one.programs().statistics();
  static_cast<void>(two.kernel(source, "f"));
  EXPECT_EQ(two.programs().statistics().memory_hits, before.memory_hits + 1);
}

TEST(Runtime, PassesThePromiseOfExclusiveUseOn) {
  const test::NativeQueue queue(context());
  const Buffer data = test::buffer_of({1});
  for (const bool is_exclusive : {true, false}) {  // a promise can end, and not begin later
    RuntimeOptions options = on(queue);
    options.exclusive = is_exclusive;
    const Runtime runtime(options);
    const test::Gate gate(runtime.stream());
    runtime.launch(test::set_kernel(), NDRange({1}), writes(data), 2);
    const Stream consumer(context());
    test::grow_kernel().launch(consumer, NDRange({1}), data);
    EXPECT_EQ(consumer.statistics().count(Verdict::waited), is_exclusive ? 1u : 0u);
    EXPECT_EQ(consumer.statistics().count(Verdict::foreign), is_exclusive ? 0u : 1u);
  }
}

TEST(Runtime, RefusesOptionsThatContradictEachOther) {
  const test::NativeQueue queue(context());
  const auto peer = std::make_shared<test::LazyPeer>(queue.get());
  RuntimeOptions options = on(queue);
  options.external_origin = StreamOrigin::owned;
  expect_parts(text_thrown<InvalidArgument>([&] { Runtime{options}; }), "[Runtime]", "'owned'",
               "leave external_queue 0");
  expect_parts(text_thrown<InvalidArgument>([&] { Runtime({.peer = peer}); }), "[Runtime]",
               "'lazy peer' was given without external_queue");
  options = on(queue);
  options.exclusive = true;
  options.peer = peer;
  expect_parts(text_thrown<InvalidArgument>([&] { Runtime{options}; }), "[Runtime]", "exclusive",
               "'lazy peer'");
}

TEST(Runtime, RefusesADeviceThatIsNotTheExternalQueues) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const Context one(first);
    const test::NativeQueue queue(one);
    RuntimeOptions options = on(queue);
    options.device = second;
    expect_parts(text_thrown<InvalidArgument>([&] { Runtime{options}; }), "[Runtime]",
                 "the external queue is on device '" + first.name() + "'",
                 "device '" + second.name() + "'", "was asked for");
    options.device = first;
    EXPECT_EQ(Runtime(options).device(), first);
  });
}

TEST(Runtime, RefusesAnOutOfOrderQueue) {
  const test::NativeQueue queue(context(), CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  expect_parts(text_thrown<InvalidArgument>([&] { Runtime(on(queue)); }), "out-of-order");
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
  expect_parts(
      text_thrown<InvalidArgument>([&] {
        static_cast<void>(runtime.kernel(source, "get", BuildOptions().define("VALUE", 5)));
      }),
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

class RuntimePeer : public testing::Test {
 protected:
  RuntimeOptions options() {
    RuntimeOptions with_peer = on(native);
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
  const test::NativeQueue native{context()};
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
  std::optional<Runtime> copy = runtime;
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
  expect_parts(text_thrown<InvalidArgument>([&] { Runtime{options()}; }), "[Stream::attach]",
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
    runtime.emplace(RuntimeOptions{.external_queue = handle(native.get()), .peer = stuck});
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
