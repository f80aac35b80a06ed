// SPDX-License-Identifier: Apache-2.0
// Buffers, tensors and fields that were moved from hold no memory and report it.
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "dovetail/dovetail.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

TEST(MovedBuffer, HoldsNoMemory) {
  Buffer buffer(context(), 64);
  const Buffer other = std::move(buffer);
  EXPECT_EQ(buffer.lend(), nullptr);
  EXPECT_EQ(buffer.nbytes(), 0u);
  EXPECT_EQ(other.nbytes(), 64u);
  EXPECT_FALSE(buffer == other);
  EXPECT_FALSE(overlap({buffer, 0, 64}, {other, 0, 64}));
  expect_throws<InvalidArgument>([&] { static_cast<void>(buffer.context()); }, "[Buffer::context]",
                                 "moved from");
}

TEST(MovedTensor, MembersRefuseIt) {
  const Stream stream(context());
  Tensor tensor = Tensor::zeros(stream, {4});
  const Tensor other = std::move(tensor);
  expect_throws<InvalidArgument>([&] { static_cast<void>(tensor.context()); }, "moved from");
  expect_throws<InvalidArgument>([&] { static_cast<void>(tensor.to_host<float>(stream)); },
                                 "moved from");
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Tensor::from_buffer(tensor.storage().buffer, {4})); },
      "[Tensor::from_buffer]", "the buffer has 0");
  EXPECT_EQ(other.to_host<float>(stream), std::vector<float>(4, 0.0f));
}

TEST(MovedField, MembersRefuseIt) {
  const Runtime runtime(Stream{context()});
  for (const std::int64_t size : {4, 0}) {
    Field<float> field(runtime, {size});
    const Field<float> other = std::move(field);
    const std::vector<float> values(static_cast<std::size_t>(size), 1.0f);
    expect_throws<InvalidArgument>([&] { field.fill(1.0f); }, "[Field::fill]", "moved from",
                                   "copy instead");
    expect_throws<InvalidArgument>([&] { field.from_host(values); }, "[Field::from_host]",
                                   "moved from");
    expect_throws<InvalidArgument>([&] { field.to_host(); }, "[Field::to_host]", "moved from");
    expect_throws<InvalidArgument>([&] { static_cast<void>(field.context()); }, "moved from");
    other.fill(2.0f);
    EXPECT_EQ(other.to_host(), std::vector<float>(values.size(), 2.0f));
  }
}

TEST(MovedField, ToTensorRefusesIt) {
  const Runtime runtime(Stream{context()});
  Field<float> field(runtime, {4});
  const Field<float> other = std::move(field);
  for (const Copy copy : {Copy::no, Copy::yes}) {
    expect_throws<InvalidArgument>([&] { static_cast<void>(interop::to_tensor(field, copy)); },
                                   "[to_tensor]", "moved from");
  }
}

TEST(MovedBuffer, WithQueueRefusesIt) {
  const Stream stream(context());
  Buffer buffer(context(), 64);
  const Buffer other = std::move(buffer);
  bool ran = false;
  expect_throws<InvalidArgument>(
      [&] { with_queue(stream, {{reads(buffer)}}, "copy", [&](cl_command_queue) { ran = true; }); },
      "moved from");
  EXPECT_FALSE(ran);
}

TEST(MovedBuffer, AssignmentMakesItUsableAgain) {
  const Stream stream(context());
  Buffer buffer(context(), 64);
  const Buffer other = std::move(buffer);
  buffer = other;
  EXPECT_TRUE(buffer == other);
  EXPECT_EQ(buffer.context(), context());
}

}  // namespace
}  // namespace dovetail
