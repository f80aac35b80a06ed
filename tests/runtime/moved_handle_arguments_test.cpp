// SPDX-License-Identifier: Apache-2.0
// Every function that takes a handle as an argument reports one that was moved from.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dovetail/dovetail.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/runtime/moved_handles.hpp"

namespace dovetail {
namespace {

using test::expect_refused;
using test::MovedHandles;
using test::source;

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
      {"Buffer::retain", [&] { return Buffer::retain(moved.context, live.buffer.lend()); },
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
      {"Kernel::launch of a list", [&] { return live.kernel.launch(moved.stream, one, {}); },
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
      {"Tensor::view", [&] { return moved.tensor.view({live.tensor.size()}); },
       "[Tensor::view] the tensor"},
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

}  // namespace
}  // namespace dovetail
