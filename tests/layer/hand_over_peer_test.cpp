// SPDX-License-Identifier: Apache-2.0
// The steps of a hand-over where a framework shares the runtime's queue and holds its work back:
// what they cost at OpenCL's entry points, and that the order holds.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "dovetail/interop/field_tensor.hpp"
#include "tests/layer/hand_over.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/lazy_peer.hpp"

namespace dovetail {
namespace {

using test::cost_of;
using test::Gate;
using test::nothing;
using test::RuntimeQueue;

/// The runtime's queue is shared with a framework that holds its work back.
class HandOverWithALazyPeer : public test::HandOver {
 protected:
  RuntimeOptions options() const {
    return {.external_queue = queue_for(GetParam(), native), .peer = peer};
  }
  /// For the peer to hold back: its own work on a field's or tensor's memory.
  static test::LazyPeer::Work setting(const BufferView& memory, float value) {
    return [=](cl_command_queue queue) {
      ASSERT_EQ(
          clEnqueueFillBuffer(queue, detail::handle_of(memory.buffer).memory, &value, sizeof(value),
                              memory.offset, memory.nbytes, 0, nullptr, nullptr),
          CL_SUCCESS);
    };
  }
  static test::LazyPeer::Work copying(const BufferView& from, const BufferView& to) {
    return [=](cl_command_queue queue) {
      ASSERT_EQ(clEnqueueCopyBuffer(queue, detail::handle_of(from.buffer).memory,
                                    detail::handle_of(to.buffer).memory, from.offset, to.offset,
                                    from.nbytes, 0, nullptr, nullptr),
                CL_SUCCESS);
    };
  }
  /// The peer's own calls are not the step's cost.
  static test::Cost without_copies(test::Cost cost) {
    cost.copies = 0;
    return cost;
  }

  const std::shared_ptr<test::LazyPeer> peer = std::make_shared<test::LazyPeer>(
      GetParam() == RuntimeQueue::shared ? tensors.get() : native.get());
  const Runtime with_peer{options()};
  const Field<float> out{runtime, {count}};
};

TEST_P(HandOverWithALazyPeer, TensorOperationReadsWhatThePeerHeldBack) {
  Gate gate(runtime.stream());
  field.fill(1);
  peer->record(setting(field.storage(), 5));
  const Tensor tensor = interop::to_tensor(field, Copy::no);
  EXPECT_EQ(peer->submits(), 0);
  std::optional<Tensor> twice;
  EXPECT_EQ(cost_of([&] { twice = add(tensor, tensor); }), crossing());
  EXPECT_EQ(peer->submits(), 1);
  EXPECT_EQ(cost_of([&] { twice = add(tensor, *twice); }), nothing) << "its frontier has not moved";
  EXPECT_EQ(peer->submits(), 1);
  expect_held();
  gate.release();
  EXPECT_EQ(twice->to_host<float>(tensors), all(15));
}

TEST_P(HandOverWithALazyPeer, TensorOperationDoesNotOverwriteWhatThePeerHasYetToRead) {
  Gate gate(runtime.stream());
  field.fill(1);
  peer->record(copying(field.storage(), out.storage()));
  const Tensor tensor = interop::to_tensor(field, Copy::no);
  EXPECT_EQ(without_copies(cost_of([&] { negate(tensor); })), crossing());
  EXPECT_EQ(peer->submits(), 1);
  expect_held();
  gate.release();
  EXPECT_EQ(tensor.to_host<float>(tensors), all(-1));
  EXPECT_EQ(out.to_host(), all(1));
}

TEST_P(HandOverWithALazyPeer, PeerReadsWhatATensorOperationWrote) {
  const Tensor ones = Tensor::full(tensors, {count}, 1);
  runtime.stream().wait(tensors);
  Gate gate(tensors);
  const Tensor sum = add(ones, ones);
  // What a peer does with memory is not declared: it is the stream that is made to wait.
  EXPECT_EQ(cost_of([&] { runtime.stream().wait(tensors); }), crossing());
  peer->record(copying(sum.storage(), out.storage()));
  EXPECT_EQ(without_copies(cost_of([&] { multiply_add(out, 10, 1); })), nothing);
  EXPECT_EQ(peer->submits(), 1);
  expect_held();
  gate.release();
  EXPECT_EQ(out.to_host(), all(21));
}

TEST_P(HandOverWithALazyPeer, UserKernelComesAfterWhatThePeerHeldBackAndATensorOperation) {
  const Tensor tensor = interop::to_tensor(field, Copy::no);
  field.fill(1);
  runtime.synchronize();
  Gate gate(tensors);
  negate(tensor);
  peer->record(setting(out.storage(), 3));
  EXPECT_EQ(cost_of([&] { multiply_add(field, 10, 1); }), crossing());
  EXPECT_EQ(peer->submits(), 1);
  gate.release();
  EXPECT_EQ(field.to_host(), all(-9));
  EXPECT_EQ(out.to_host(), all(3));
}

TEST_P(HandOverWithALazyPeer, ReadSubmitsAndTakesOneWait) {
  field.fill(1);
  peer->record(setting(field.storage(), 5));
  std::vector<float> values;
  EXPECT_EQ(cost_of([&] { values = field.to_host(); }), test::a_read);
  EXPECT_EQ(peer->submits(), 1);
  EXPECT_EQ(values, all(5));
}

TEST_P(HandOverWithALazyPeer, EndsWithoutACallThatTakesTheBorrowedQueue) {
  auto another = std::make_unique<test::NativeQueue>(test::context());
  const auto its_peer = std::make_shared<test::LazyPeer>(another->get());
  std::optional<Runtime> borrowing(
      RuntimeOptions{.external_queue = queue_for(RuntimeQueue::external, *another),
                     .external_origin = StreamOrigin::borrowed,
                     .peer = its_peer});
  std::optional<Field<float>> its_field(std::in_place, *borrowing, Shape{count});
  its_field->fill(1);
  borrowing->synchronize();
  const test::Calls calls = test::calls_during([&] {
    borrowing.reset();
    its_field.reset();
  });
  for (const auto& [name, number] : calls) {
    EXPECT_TRUE(name == "clReleaseEvent" || name == "clReleaseMemObject") << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Queues, HandOverWithALazyPeer,
                         testing::Values(RuntimeQueue::shared, RuntimeQueue::external),
                         test::queue_name);

}  // namespace
}  // namespace dovetail
