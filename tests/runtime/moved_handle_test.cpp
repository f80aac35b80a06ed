// SPDX-License-Identifier: Apache-2.0
// Handles that were moved from hold nothing, and every function that takes one reports it.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "dovetail/dovetail.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::text_thrown;

const ProgramSource source{.name = "test.cl",
                           .text = "kernel void put(global float* x) { *x = 1; }"};

/// One handle of each type.
struct Handles {
  Device device = test::context().device();
  Context context = test::context();
  Stream stream{context};
  Event event = stream.record();
  TimedEvent timed_event = stream.record_timed();
  Program program = Program::from_source(context, source);
  Kernel kernel{program, "put"};
  Runtime runtime{stream};
  Buffer buffer{context, 16};
  Tensor tensor = Tensor::full(stream, {2, 2}, 3.0);
  Field<float> field{runtime, {4}};
  MatrixView view{tensor};
  PackedMatrix packed{stream, view};
  Recording recording = [this] {
    Capture capture(stream);
    kernel.launch(stream, NDRange({1}), buffer);
    return capture.end();
  }();
};

/// A call that refuses a handle that was moved from, and a part of its error.
struct Refusal {
  const char* name;
  std::function<void()> call;
  const char* expected;
};

void expect_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    expect_parts(text_thrown<InvalidArgument>(refusal.call), refusal.expected, "was moved from");
  }
}

class MovedHandles : public testing::Test {
 protected:
  static constexpr auto nothing = [](cl_command_queue /*queue*/) {};
  static void give(const Stream& stream, std::span<const MemoryUse> uses) {
    with_queue(stream, uses, "nothing", nothing);
  }

  Handles moved;
  const Handles live = std::move(moved);  // moves each of them
  const NDRange one{1};
};

TEST_F(MovedHandles, ThrowFromTheirMembers) {
  using namespace std::chrono_literals;
  const test::LazyPeer peer(live.stream.get());
  expect_refused({
      {"Device::name", [&] { return moved.device.name(); }, "[Device::name] the device"},
      {"Device::platform_name", [&] { return moved.device.platform_name(); },
       "[Device::platform_name] the device"},
      {"Device::driver_version", [&] { return moved.device.driver_version(); },
       "[Device::driver_version] the device"},
      {"Device::version", [&] { return moved.device.version(); }, "[Device::version] the device"},
      {"Context::device", [&] { return moved.context.device(); }, "[Context::device] the context"},
      {"Stream::synchronize", [&] { return moved.stream.synchronize(); },
       "[Stream::synchronize] the stream"},
      {"Stream::synchronize_for", [&] { return moved.stream.synchronize_for(1ms); },
       "[Stream::synchronize_for] the stream"},
      {"Stream::flush", [&] { return moved.stream.flush(); }, "[Stream::flush] the stream"},
      {"Stream::record", [&] { return moved.stream.record(); }, "[Stream::record] the stream"},
      {"Stream::record_timed", [&] { return moved.stream.record_timed(); },
       "[Stream::record_timed] the stream"},
      {"Stream::wait for an event", [&] { return moved.stream.wait(live.event); },
       "[Stream::wait] the stream"},
      {"Stream::wait for a stream", [&] { return moved.stream.wait(live.stream); },
       "[Stream::wait] the stream"},
      {"Stream::wait for a point", [&] { return moved.stream.wait(live.stream.point()); },
       "[Stream::wait] the stream"},
      {"Stream::attach", [&] { return moved.stream.attach(nullptr); },
       "[Stream::attach] the stream"},
      {"Stream::detach", [&] { return moved.stream.detach(peer); }, "[Stream::detach] the stream"},
      {"Stream::reset", [&] { return moved.stream.reset(); }, "[Stream::reset] the stream"},
      {"Stream::context", [&] { return moved.stream.context(); }, "[Stream::context] the stream"},
      {"Stream::device", [&] { return moved.stream.device(); }, "[Stream::device] the stream"},
      {"Event::synchronize", [&] { return moved.event.synchronize(); },
       "[Event::synchronize] the event"},
      {"Event::synchronize_for", [&] { return moved.event.synchronize_for(1ms); },
       "[Event::synchronize_for] the event"},
      {"Event::is_done", [&] { return moved.event.is_done(); }, "[Event::is_done] the event"},
      {"TimedEvent::synchronize", [&] { return moved.timed_event.synchronize(); },
       "[Event::synchronize] the event"},
      {"end of a time", [&] { return moved.timed_event - live.timed_event; },
       "[TimedEvent::operator-] the end"},
      {"start of a time", [&] { return live.timed_event - moved.timed_event; },
       "[TimedEvent::operator-] the start"},
      {"Program::binary", [&] { return moved.program.binary(); }, "[Program::binary] the program"},
      {"Program::signatures", [&] { return moved.program.signatures(); },
       "[Program::signatures] the program"},
      {"Program::name", [&] { return moved.program.name(); }, "[Program::name] the program"},
      {"Program::device", [&] { return moved.program.device(); }, "[Program::device] the program"},
      {"Kernel::launch", [&] { return moved.kernel.launch(live.stream, one, live.buffer); },
       "[Kernel::launch] the kernel"},
      {"Kernel::name", [&] { return moved.kernel.name(); }, "[Kernel::name] the kernel"},
      {"Kernel::parameters", [&] { return moved.kernel.parameters(); },
       "[Kernel::parameters] the kernel"},
      {"Runtime::stream", [&] { return moved.runtime.stream(); }, "[Runtime::stream] the runtime"},
      {"Runtime::context", [&] { return moved.runtime.context(); },
       "[Runtime::context] the runtime"},
      {"Runtime::device", [&] { return moved.runtime.device(); }, "[Runtime::device] the runtime"},
      {"Runtime::programs", [&] { return moved.runtime.programs().statistics(); },
       "[Runtime::programs] the runtime"},
      {"Runtime::str", [&] { return moved.runtime.str(); }, "[Runtime::str] the runtime"},
      {"Runtime::kernel", [&] { return moved.runtime.kernel(source, "put"); },
       "[Runtime::kernel] the runtime"},
      {"Runtime::launch", [&] { return moved.runtime.launch(live.kernel, one, live.buffer); },
       "[Runtime::launch] the runtime"},
      {"Runtime::synchronize", [&] { return moved.runtime.synchronize(); },
       "[Runtime::synchronize] the runtime"},
      {"Recording::replay", [&] { return moved.recording.replay(); },
       "[Recording::replay] the recording"},
      {"Recording::replay on a stream", [&] { return moved.recording.replay(live.stream); },
       "[Recording::replay] the recording"},
      {"Recording::commands", [&] { return moved.recording.commands(); },
       "[Recording::commands] the recording"},
      {"Recording::find", [&] { return moved.recording.find("put"); },
       "[Recording::find] the recording"},
      {"Recording::update by position", [&] { return moved.recording.update(0, 0, live.buffer); },
       "[Recording::update] the recording"},
      {"Recording::update by name", [&] { return moved.recording.update(0, "x", live.buffer); },
       "[Recording::update] the recording"},
      {"Recording::stream", [&] { return moved.recording.stream(); },
       "[Recording::stream] the recording"},
  });
}

TEST_F(MovedHandles, ThrowAsArguments) {
  const std::vector<float> values(4);
  expect_refused({
      {"Context", [&] { return Context(moved.device); }, "[Context] the device"},
      {"Context::retain", [&] { return Context::retain(live.context.get(), moved.device); },
       "[Context::retain] the device"},
      {"Runtime on a device", [&] { return Runtime({.device = moved.device}); },
       "[Runtime] the device"},
      {"matmul_tuning", [&] { return matmul_tuning(moved.device, {}); },
       "[matmul_tuning] the device"},
      {"has_matmul_tuning", [&] { return has_matmul_tuning(moved.device, {}); },
       "[has_matmul_tuning] the device"},
      {"matmul_choices", [&] { return matmul_choices(moved.device, {}); },
       "[matmul_choices] the device"},
      {"set_matmul_tuning", [&] { return set_matmul_tuning(moved.device, {}, {}); },
       "[set_matmul_tuning] the device"},
      {"Stream", [&] { return Stream(moved.context); }, "[Stream] the context"},
      {"Stream::retain", [&] { return Stream::retain(moved.context, live.stream.get()); },
       "[Stream::retain] the context"},
      {"Stream::borrow", [&] { return Stream::borrow(moved.context, live.stream.get()); },
       "[Stream::borrow] the context"},
      {"StreamPool", [&] { return StreamPool(moved.context).get(); }, "[StreamPool] the context"},
      {"MemoryPool", [&] { return MemoryPool(moved.context).trim(); }, "[MemoryPool] the context"},
      {"MemoryPool::of", [&] { return MemoryPool::of(moved.context).trim(); },
       "[MemoryPool::of] the context"},
      {"Buffer", [&] { return Buffer(moved.context, 4); }, "[Buffer] the context"},
      {"Buffer of no bytes", [&] { return Buffer(moved.context, 0); }, "[Buffer] the context"},
      {"Buffer::retain", [&] { return Buffer::retain(moved.context, live.buffer.get()); },
       "[Buffer::retain] the context"},
      {"Tensor::from_host", [&] { return Tensor::from_host<float>(moved.context, values, {4}); },
       "[Buffer] the context"},
      {"Program::from_source", [&] { return Program::from_source(moved.context, source); },
       "[Program::from_source] the context"},
      {"Program::from_binary", [&] { return Program::from_binary(moved.context, "put", {}); },
       "[Program::from_binary] the context"},
      {"Program::from_spirv", [&] { return Program::from_spirv(moved.context, "put", {}); },
       "[Program::from_spirv] the context"},
      {"ProgramCache", [&] { return ProgramCache(moved.context).statistics(); },
       "[ProgramCache] the context"},
      {"ProgramCache::of", [&] { return ProgramCache::of(moved.context).statistics(); },
       "[ProgramCache::of] the context"},
      {"Kernel", [&] { return Kernel(moved.program, "put"); }, "[Kernel] the program"},
      {"Runtime::launch of a kernel",
       [&] { return live.runtime.launch(moved.kernel, one, live.buffer); },
       "[Kernel::launch] the kernel"},
      {"Stream::wait", [&] { return live.stream.wait(moved.event); }, "[Stream::wait] the event"},
      {"Stream::wait for a time's event", [&] { return live.stream.wait(moved.timed_event); },
       "[Stream::wait] the event"},
      {"Field", [&] { return Field<float>(moved.runtime, {3}); }, "[Field] the runtime"},
      {"to_field of a runtime",
       [&] { return interop::to_field<float>(moved.runtime, live.tensor, Copy::no); },
       "[to_field] the runtime"},
  });
}

TEST_F(MovedHandles, ThrowWhereAStreamIsTaken) {
  const std::array views{live.view};
  expect_refused({
      {"Stream::wait", [&] { return live.stream.wait(moved.stream); }, "[Stream::wait] the stream"},
      {"StreamGuard", [&] { return StreamGuard(moved.stream); }, "[StreamGuard] the stream"},
      {"with_queue", [&] { return give(moved.stream, {{reads(live.buffer)}}); },
       "[with_queue] the stream"},
      {"with_queue of undeclared work",
       [&] { return with_queue(moved.stream, "nothing", nothing); }, "[with_queue] the stream"},
      {"MemoryPool::allocate",
       [&] { return MemoryPool::of(live.context).allocate(moved.stream, 4); },
       "[MemoryPool::allocate] the stream"},
      {"Kernel::launch", [&] { return live.kernel.launch(moved.stream, one, live.buffer); },
       "[Kernel::launch] the stream"},
      {"Kernel::enqueue", [&] { return live.kernel.enqueue(moved.stream, one, {}); },
       "[Kernel::launch] the stream"},
      {"Recording::replay", [&] { return live.recording.replay(moved.stream); },
       "[Recording::replay] the stream"},
      {"Capture", [&] { return Capture(moved.stream).end(); }, "[Capture] the stream"},
      {"Runtime", [&] { return Runtime(moved.stream); }, "[Runtime] the stream"},
      {"Tensor::empty", [&] { return Tensor::empty(moved.stream, {4}); },
       "[Tensor::empty] the stream"},
      {"Tensor::zeros", [&] { return Tensor::zeros(moved.stream, {0}); },
       "[Tensor::full] the stream"},
      {"Tensor::to_host", [&] { return live.tensor.to_host<float>(moved.stream); },
       "[Tensor::to_host] the stream"},
      {"relu", [&] { return relu(moved.stream, live.tensor); }, "[relu] the stream"},
      {"unary_into",
       [&] { return unary_into(moved.stream, UnaryOperation::exp, live.tensor, live.tensor); },
       "[exp] the stream"},
      {"add", [&] { return add(moved.stream, live.tensor, live.tensor); }, "[add] the stream"},
      {"softmax", [&] { return softmax(moved.stream, live.tensor); }, "[softmax] the stream"},
      {"matmul", [&] { return matmul(moved.stream, live.tensor, live.tensor); },
       "[matmul] the stream"},
      {"matmul_into",
       [&] { return matmul_into(moved.stream, live.tensor, live.tensor, live.tensor); },
       "[matmul] the stream"},
      {"matmul_into of views",
       [&] { return matmul_into(moved.stream, live.view, live.view, live.view); },
       "[matmul] the stream"},
      {"matmul_batched_into",
       [&] { return matmul_batched_into(moved.stream, views, views, views); },
       "[matmul] the stream"},
      {"matmul of a packed matrix", [&] { return matmul(moved.stream, live.tensor, live.packed); },
       "[matmul] the stream"},
      {"PackedMatrix", [&] { return PackedMatrix(moved.stream, live.view); },
       "[PackedMatrix] the stream"},
  });
}

TEST_F(MovedHandles, ThrowWhereDataIsTaken) {
  expect_refused({
      {"Buffer::context", [&] { return moved.buffer.context(); }, "[Buffer::context] the buffer"},
      {"with_queue that reads a buffer", [&] { return give(live.stream, {{reads(moved.buffer)}}); },
       "[with_queue] the memory"},
      {"Kernel::launch with a buffer",
       [&] { return live.kernel.launch(live.stream, one, moved.buffer); }, "[Kernel 'put']"},
      {"Kernel::launch with a use",
       [&] { return live.kernel.launch(live.stream, one, writes(moved.tensor)); },
       "[Kernel 'put']"},
      {"Kernel::launch with a tensor",
       [&] { return live.kernel.launch(live.stream, one, moved.tensor); }, "[Kernel 'put']"},
      {"Kernel::launch with a field",
       [&] { return live.kernel.launch(live.stream, one, moved.field); }, "[Kernel 'put']"},
      {"Recording::update with a buffer", [&] { return live.recording.update(0, 0, moved.buffer); },
       "[Kernel 'put']"},
      {"Tensor::context", [&] { return moved.tensor.context(); }, "the buffer"},
      {"Tensor::to_host", [&] { return moved.tensor.to_host<float>(live.stream); },
       "[Tensor::to_host] the tensor"},
      {"Tensor::reshape", [&] { return moved.tensor.reshape({live.tensor.size()}); },
       "[Tensor::reshape] the tensor"},
      {"MatrixView of a tensor", [&] { return MatrixView(moved.tensor); },
       "[MatrixView] the tensor"},
      {"MatrixView of a buffer",
       [&] { return MatrixView(moved.buffer, {.rows = 1, .columns = 1}); },
       "[MatrixView] the buffer"},
      {"MatrixView::block", [&] { return moved.view.block(0, 0, 1, 1); },
       "[MatrixView::block] the view"},
      {"relu", [&] { return relu(live.stream, moved.tensor); }, "[relu] the operand a"},
      {"add", [&] { return add(live.stream, live.tensor, moved.tensor); }, "[add] the operand b"},
      {"softmax", [&] { return softmax(live.stream, moved.tensor); }, "[softmax] the operand a"},
      {"matmul", [&] { return matmul(live.stream, live.tensor, moved.tensor); },
       "[matmul] the operand b"},
      {"matmul with a bias",
       [&] { return matmul(live.stream, live.tensor, live.tensor, {}, {.bias = moved.tensor}); },
       "[matmul] the operand bias"},
      {"matmul_into",
       [&] { return matmul_into(live.stream, live.tensor, live.tensor, moved.tensor); },
       "[matmul] the operand out"},
      {"matmul_into of views",
       [&] { return matmul_into(live.stream, moved.view, live.view, live.view); },
       "[matmul] the operand a"},
      {"matmul of a packed matrix", [&] { return matmul(live.stream, live.tensor, moved.packed); },
       "[matmul] the operand b"},
      {"PackedMatrix", [&] { return PackedMatrix(live.stream, moved.view); },
       "[PackedMatrix] the operand b"},
      {"to_field", [&] { return interop::to_field<float>(live.runtime, moved.tensor, Copy::no); },
       "the buffer"},
      {"Field::context", [&] { return moved.field.context(); }, "the buffer"},
      {"Field::fill", [&] { return moved.field.fill(1.0f); }, "[Field::fill] the field"},
      {"Field::from_host", [&] { return moved.field.from_host(std::vector<float>(4)); },
       "[Field::from_host] the field"},
      {"Field::to_host", [&] { return moved.field.to_host(); }, "[Field::to_host] the field"},
      {"to_tensor", [&] { return interop::to_tensor(moved.field, Copy::no); },
       "[to_tensor] the field"},
  });
}

TEST_F(MovedHandles, ReturnNothingWhereTheyCannotThrow) {
  EXPECT_EQ(moved.device.get(), nullptr);
  EXPECT_EQ(moved.device.platform(), nullptr);
  EXPECT_EQ(moved.device.type(), DeviceType::other);
  EXPECT_EQ(moved.device.compute_units(), 0u);
  EXPECT_EQ(moved.device.max_work_group_size(), 0u);
  EXPECT_EQ(moved.device.local_memory(), 0u);
  EXPECT_EQ(moved.device.global_memory(), 0u);
  EXPECT_EQ(moved.device.base_address_alignment(), 0u);
  EXPECT_EQ(moved.device.native_float_vector_width(), 0u);
  EXPECT_FALSE(moved.device.has_extension("cl_khr_fp64"));
  EXPECT_EQ(moved.context.get(), nullptr);
  EXPECT_EQ(moved.stream.get(), nullptr);
  EXPECT_EQ(moved.stream.id(), 0u);
  EXPECT_EQ(moved.stream.origin(), StreamOrigin::borrowed);
  EXPECT_FALSE(moved.stream.has_profiling());
  EXPECT_FALSE(moved.stream.is_capturing());
  EXPECT_EQ(moved.stream.point(), Point{});
  EXPECT_EQ(moved.stream.statistics().commands, 0u);
  EXPECT_EQ(interop::queue_handle(moved.stream), 0u);
  EXPECT_EQ(moved.event.get(), nullptr);
  EXPECT_EQ(moved.program.get(), nullptr);
  EXPECT_EQ(moved.program.context(), nullptr);
  EXPECT_EQ(moved.kernel.max_work_group_size(), 0u);
  EXPECT_EQ(moved.recording.size(), 0u);
  EXPECT_EQ(moved.recording.method(), ReplayMethod::automatic);
  EXPECT_FALSE(moved.runtime.has_own_queue());
  EXPECT_FALSE(moved.runtime.shares_queue_with(live.stream));
  EXPECT_FALSE(live.runtime.shares_queue_with(moved.stream));
}

TEST_F(MovedHandles, DifferFromThoseThatHoldSomething) {
  const Handles copy = moved;
  EXPECT_TRUE(copy.device == moved.device);
  EXPECT_TRUE(copy.context == moved.context);
  EXPECT_TRUE(copy.stream == moved.stream);
  EXPECT_TRUE(copy.buffer == moved.buffer);
  EXPECT_FALSE(live.device == moved.device);
  EXPECT_FALSE(live.context == moved.context);
  EXPECT_FALSE(live.stream == moved.stream);
  EXPECT_FALSE(live.buffer == moved.buffer);
}

TEST_F(MovedHandles, ServeAgainAfterAssignment) {
  const Handles copy = moved;
  moved = copy;
  moved = live;
  EXPECT_EQ(moved.device.name(), live.device.name());
  moved.recording.replay();
  moved.runtime.launch(moved.kernel, one, moved.field);
  moved.stream.wait(moved.event);
  moved.field.fill(1.0f);
  EXPECT_EQ(relu(moved.stream, moved.tensor).to_host<float>(moved.stream),
            std::vector<float>(4, 3.0f));
}

}  // namespace
}  // namespace dovetail
