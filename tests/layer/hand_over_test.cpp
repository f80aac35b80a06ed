// SPDX-License-Identifier: Apache-2.0
// Each step of a hand-over between the kernel runtime and the tensor side: what it costs at
// OpenCL's entry points on separate queues and on a shared one, and that the order holds.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "dovetail/interop/field_tensor.hpp"
#include "dovetail/interop/queue_handle.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/lazy_peer.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Gate;
using test::OrderCalls;

/// The runtime's queue: that of the tensors, its own, or one that others may enqueue on too.
enum class Queue { shared, own, external };

/// What a step takes beside its kernels.
struct Cost {
  OrderCalls order = {};
  std::uint64_t copies = 0;          ///< On the device.
  std::uint64_t host_transfers = 0;  ///< Reads, writes and maps, blocking or not.

  friend bool operator==(const Cost&, const Cost&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Cost& cost) {
    return out << cost.order << ", " << cost.copies << " copies, " << cost.host_transfers
               << " host transfers";
  }
};

constexpr Cost nothing{};
constexpr Cost a_device_wait{.order = test::one_wait};
constexpr Cost a_copy{.copies = 1};
constexpr Cost a_read{.order = {.events = 1, .host_waits = 1}, .host_transfers = 1};

Cost cost_of(const std::function<void()>& step) {
  Cost cost;
  const test::Calls calls =
      test::calls_during([&] { cost.order = test::order_calls_during(step); });
  for (const auto& [name, count] : calls) {
    if (name.starts_with("clEnqueueCopy")) cost.copies += count;
    for (const char* kind : {"clEnqueueRead", "clEnqueueWrite", "clEnqueueMap", "clEnqueueSVM"}) {
      if (name.starts_with(kind)) cost.host_transfers += count;
    }
  }
  return cost;
}

constexpr std::int64_t count = 64;
std::vector<float> all(float value) { return std::vector<float>(count, value); }

class HandOver : public test::LayerTest, public testing::WithParamInterface<Queue> {
 protected:
  static std::uintptr_t queue_for(Queue queue, const test::NativeQueue& native) {
    switch (queue) {
      case Queue::shared:
        return interop::queue_handle();
      case Queue::external:
        return reinterpret_cast<std::uintptr_t>(native.get());
      case Queue::own:
        break;
    }
    return 0;
  }

  bool is_shared() const { return GetParam() == Queue::shared; }
  /// What it takes that one side's work comes after the other's.
  Cost crossing() const { return is_shared() ? nothing : a_device_wait; }

  /// data = data * factor + summand, by a kernel of the user.
  void multiply_add(const Field<float>& data, float factor, float summand) const {
    runtime.launch(multiply_add_kernel, NDRange({count}), data, factor, summand);
  }
  /// A tensor operation in place.
  static void negate(const Tensor& tensor) {
    unary_into(current_stream(), UnaryOperation::negate, tensor, tensor);
  }
  void expect_held() const {
    EXPECT_TRUE(test::is_held(tensors.record()));
    EXPECT_TRUE(test::is_held(runtime.stream().record()));
  }

  const Stream tensors{context()};
  const StreamGuard guard{tensors};
  const test::NativeQueue native{context()};
  const std::shared_ptr<test::LazyPeer> peer =
      std::make_shared<test::LazyPeer>(GetParam() == Queue::shared ? tensors.get() : native.get());
  const Runtime runtime{{.external_queue = queue_for(GetParam(), native)}};
  const Kernel multiply_add_kernel = test::multiply_add_kernel();
  const Field<float> field{runtime, {count}};
};

TEST_P(HandOver, WorkRunsOnTheQueueOfTheParameter) {
  EXPECT_EQ(runtime.shares_queue_with_tensors(), is_shared());
  EXPECT_EQ(runtime.has_own_queue(), GetParam() == Queue::own);
}

TEST_P(HandOver, FieldWithoutACopyCallsNothingUntilItsFirstUse) {
  Gate gate(runtime.stream());
  field.fill(3);
  std::optional<Tensor> tensor, twice, thrice;
  EXPECT_EQ(test::calls_during([&] { tensor = interop::to_tensor(field, Copy::no); }),
            test::Calls{});
  EXPECT_EQ(cost_of([&] { twice = add(*tensor, *tensor); }), crossing());
  // A queue that others use is waited for each time: they may have touched the memory since.
  EXPECT_EQ(cost_of([&] { thrice = add(*tensor, *twice); }),
            GetParam() == Queue::external ? a_device_wait : nothing);
  expect_held();
  gate.release();
  EXPECT_EQ(twice->to_host<float>(tensors), all(6));
  EXPECT_EQ(thrice->to_host<float>(tensors), all(9));
}

TEST_P(HandOver, TensorWithoutACopyCallsNothing) {
  const Tensor tensor = Tensor::full(tensors, {count}, 3);
  std::optional<Field<float>> handed_over;
  EXPECT_EQ(test::calls_during(
                [&] { handed_over = interop::to_field<float>(runtime, tensor, Copy::no); }),
            test::Calls{});
  EXPECT_EQ(handed_over->to_host(), all(3));
}

TEST_P(HandOver, FieldWithACopyIsInStreamOrderAndDoesNotBlock) {
  Gate gate(runtime.stream());
  field.fill(3);
  std::optional<Tensor> tensor, twice;
  EXPECT_EQ(cost_of([&] { tensor = interop::to_tensor(field, Copy::yes); }), a_copy);
  field.fill(100);
  EXPECT_EQ(cost_of([&] { twice = add(*tensor, *tensor); }), crossing());
  expect_held();
  gate.release();
  EXPECT_EQ(tensor->to_host<float>(tensors), all(3));
  EXPECT_EQ(twice->to_host<float>(tensors), all(6));
}

TEST_P(HandOver, TensorWithACopyIsInStreamOrderAndDoesNotBlock) {
  const Tensor ones = Tensor::full(tensors, {count}, 1);
  Gate gate(tensors);
  const Tensor tensor = add(ones, ones);
  Cost cost = a_copy;
  if (!is_shared()) cost.order = test::one_wait;
  std::optional<Field<float>> copy;
  EXPECT_EQ(cost_of([&] { copy = interop::to_field<float>(runtime, tensor, Copy::yes); }), cost);
  negate(tensor);
  expect_held();
  gate.release();
  EXPECT_EQ(copy->to_host(), all(2));
  EXPECT_EQ(tensor.to_host<float>(tensors), all(-2));
}

TEST_P(HandOver, UserKernelComesAfterATensorOperation) {
  const Tensor ones = Tensor::full(tensors, {count}, 1);
  runtime.stream().wait(tensors);
  Gate gate(tensors);
  const Tensor sum = add(ones, ones);
  const auto handed_over = interop::to_field<float>(runtime, sum, Copy::no);
  EXPECT_EQ(cost_of([&] { multiply_add(handed_over, 10, 1); }), crossing());
  EXPECT_EQ(cost_of([&] { multiply_add(handed_over, 10, 1); }), nothing);
  expect_held();
  gate.release();
  EXPECT_EQ(handed_over.to_host(), all(211));
}

TEST_P(HandOver, TensorOperationComesAfterAUserKernel) {
  Gate gate(runtime.stream());
  field.fill(1);
  multiply_add(field, 10, 1);
  const Tensor tensor = interop::to_tensor(field, Copy::no);
  EXPECT_EQ(cost_of([&] { negate(tensor); }), crossing());
  expect_held();
  gate.release();
  EXPECT_EQ(tensor.to_host<float>(tensors), all(-11));
}

TEST_P(HandOver, ReadTakesOneWait) {
  field.fill(2);
  std::vector<float> values;
  EXPECT_EQ(cost_of([&] { values = field.to_host(); }), a_read);
  EXPECT_EQ(values, all(2));
}

TEST_P(HandOver, ReadAfterATensorOperationTakesOneHostWait) {
  field.fill(2);
  runtime.synchronize();
  const Tensor tensor = interop::to_tensor(field, Copy::no);
  negate(tensor);
  std::vector<float> values;
  Cost cost = a_read;
  if (!is_shared())
    cost.order = {.markers = 1, .flushes = 1, .barriers = 1, .events = 2, .host_waits = 1};
  EXPECT_EQ(cost_of([&] { values = field.to_host(); }), cost);
  EXPECT_EQ(values, all(-2));
}

TEST_P(HandOver, TransferFromTheHostNeitherBlocksNorWaits) {
  field.fill(1);
  Gate gate(runtime.stream());
  const std::vector<float> values = all(7);
  EXPECT_EQ(cost_of([&] { field.from_host(values); }), a_copy);
  EXPECT_TRUE(test::is_held(runtime.stream().record()));
  gate.release();
  EXPECT_EQ(field.to_host(), values);
}

std::string queue_name(const testing::TestParamInfo<Queue>& info) {
  static constexpr const char* names[] = {"SharedQueue", "OwnQueue", "ExternalQueue"};
  return names[static_cast<int>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Queues, HandOver,
                         testing::Values(Queue::shared, Queue::own, Queue::external), queue_name);

/// The runtime's queue is shared with a framework that holds its work back.
class HandOverWithALazyPeer : public HandOver {
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
  static Cost without_copies(Cost cost) {
    cost.copies = 0;
    return cost;
  }

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
  EXPECT_EQ(cost_of([&] { values = field.to_host(); }), a_read);
  EXPECT_EQ(peer->submits(), 1);
  EXPECT_EQ(values, all(5));
}

TEST_P(HandOverWithALazyPeer, EndsWithoutACallThatTakesTheBorrowedQueue) {
  auto another = std::make_unique<test::NativeQueue>(context());
  const auto its_peer = std::make_shared<test::LazyPeer>(another->get());
  std::optional<Runtime> borrowing(
      RuntimeOptions{.external_queue = queue_for(Queue::external, *another),
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
                         testing::Values(Queue::shared, Queue::external), queue_name);

}  // namespace
}  // namespace dovetail
