// SPDX-License-Identifier: Apache-2.0
// Each step of a hand-over between the kernel runtime and the tensor side: what it costs at
// OpenCL's entry points on separate queues and on a shared one, and that the order holds.
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "dovetail/interop/field_tensor.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "tests/layer/hand_over.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail {
namespace {

using test::a_copy;
using test::a_read;
using test::Cost;
using test::cost_of;
using test::Gate;
using test::HandOver;
using test::nothing;
using test::RuntimeQueue;

TEST_P(HandOver, WorkRunsOnTheQueueOfTheParameter) {
  EXPECT_EQ(runtime.shares_queue_with_tensors(), is_shared());
  EXPECT_EQ(runtime.has_own_queue(), GetParam() == RuntimeQueue::own);
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
            GetParam() == RuntimeQueue::external ? test::a_device_wait : nothing);
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

INSTANTIATE_TEST_SUITE_P(Queues, HandOver,
                         testing::Values(RuntimeQueue::shared, RuntimeQueue::own,
                                         RuntimeQueue::external),
                         test::queue_name);

}  // namespace
}  // namespace dovetail
