// SPDX-License-Identifier: Apache-2.0
// What a launch refuses: each mistake is named, and nothing is enqueued.
#include "dovetail/runtime/kernel_argument.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;

/// kernel void scale(global float* data, float factor, uint n, local float* scratch)
class KernelArguments : public testing::Test {
 protected:
  /// The text of the refusal of a launch with `args`, which must leave the data alone.
  template <typename... Args>
  std::string refusal(const Args&... args) {
    return refusal_over(NDRange({16}, {16}), args...);
  }
  template <typename... Args>
  std::string refusal_over(const NDRange& range, const Args&... args) {
    const auto text =
        test::text_thrown<InvalidArgument>([&] { kernel.launch(stream, range, args...); });
    EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 1.0f)) << "something ran";
    return text;
  }

  Stream stream{context()};
  Kernel kernel = test::kernel_from(
      "kernel void scale(global float* data, float factor, uint n, local float* scratch) {\n"
      "  const size_t i = get_global_id(0);\n"
      "  scratch[get_local_id(0)] = factor;\n"
      "  if (i < n) data[i] *= scratch[get_local_id(0)];\n"
      "}\n",
      "scale");
  Tensor data = Tensor::full(stream, {16}, 1.0);
  LocalMemory scratch{16 * sizeof(float)};
};

TEST_F(KernelArguments, AreTakenWhenTheyFit) {
  kernel.launch(stream, NDRange({16}, {16}), data, 2.0f, 16u, scratch);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 2.0f));
}

TEST_F(KernelArguments, TooFewOrTooManyAreRefused) {
  expect_parts(refusal(data, 2.0f, 16u), "[Kernel 'scale']", "takes 4 arguments", "given 3");
  expect_parts(refusal(data, 2.0f, 16u, scratch, 1), "[Kernel 'scale']", "takes 4 arguments",
               "given 5");
  expect_parts(refusal(), "takes 4 arguments", "given 0");
}

TEST_F(KernelArguments, OfAnotherKindAreRefused) {
  expect_parts(refusal(1.0f, 2.0f, 16u, scratch), "[Kernel 'scale'] argument 0", "float* data",
               "takes a buffer", "given a value");
  expect_parts(refusal(data, data, 16u, scratch), "[Kernel 'scale'] argument 1", "float factor",
               "takes a value", "given a buffer");
  expect_parts(refusal(scratch, 2.0f, 16u, scratch), "argument 0", "takes a buffer",
               "given local memory");
  expect_parts(refusal(data, 2.0f, 16u, data), "argument 3", "float* scratch", "takes local memory",
               "given a buffer");
  expect_parts(refusal(data, 2.0f, 16u, 4u), "argument 3", "takes local memory", "given a value");
}

TEST_F(KernelArguments, OfAnotherSizeAreRefused) {
  expect_parts(refusal(data, 2.0, 16u, scratch), "[Kernel 'scale'] argument 1", "float factor",
               "takes 4 bytes", "has 8", "cast it");
  expect_parts(refusal(data, 2.0f, std::size_t{16}, scratch), "argument 2", "uint n",
               "takes 4 bytes", "has 8", "cast it");
  expect_parts(refusal(data, 2.0f, cl_uint4{}, scratch), "argument 2", "has 16");
}

TEST_F(KernelArguments, OfAnotherTypeOfValueAreRefused) {
  expect_parts(refusal(data, 2, 16u, scratch), "[Kernel 'scale'] argument 1", "float factor",
               "an integral value", "cast it");
  expect_parts(refusal(data, 2.0f, 16.0f, scratch), "argument 2", "uint n",
               "a floating-point value", "cast it");
}

TEST_F(KernelArguments, ABufferOfAnotherContextIsRefused) {
  const Buffer foreign(test::other_context(), 64);
  expect_parts(refusal(foreign, 2.0f, 16u, scratch), "[Kernel 'scale'] argument 0", "float* data",
               "another context", "copy it");
}

TEST_F(KernelArguments, AStreamOfAnotherContextIsRefused) {
  const Stream foreign(test::other_context());
  expect_parts(test::text_thrown<InvalidArgument>(
                   [&] { kernel.launch(foreign, NDRange({16}), data, 2.0f, 16u, scratch); }),
               "[Kernel 'scale']", "the stream belongs to another context");
}

TEST_F(KernelArguments, MemoryAtAMisalignedOffsetIsRefused) {
  const std::size_t alignment = context().device().base_address_alignment();
  ASSERT_GT(alignment, sizeof(float));
  const Tensor shifted = Tensor::from_buffer(data.storage().buffer, {4}, DType::f32, 4);
  expect_parts(refusal(shifted, 2.0f, 4u, scratch), "[Kernel 'scale'] argument 0", "float* data",
               "offset 4 bytes", "alignment of " + std::to_string(alignment),
               "pass the whole buffer and the offset");
}

TEST_F(KernelArguments, NoLocalMemoryIsRefused) {
  expect_parts(refusal(data, 2.0f, 16u, LocalMemory{0}), "[Kernel 'scale'] argument 3",
               "float* scratch", "0 bytes of local memory");
}

TEST_F(KernelArguments, AGroupLargerThanTheKernelTakesIsRefused) {
  const std::size_t most = kernel.max_work_group_size();
  expect_parts(refusal_over(NDRange({4 * most}, {2 * most}), data, 2.0f, 16u, scratch),
               "[Kernel 'scale']", "a group of " + std::to_string(2 * most),
               std::to_string(most) + " at most");
}

TEST_F(KernelArguments, ARefusedLaunchLeavesTheKernelUsable) {
  refusal(data, 2, 16u, scratch);
  const Tensor shifted = Tensor::from_buffer(data.storage().buffer, {4}, DType::f32, 4);
  refusal(shifted, 2.0f, 4u, scratch);
  kernel.launch(stream, NDRange({16}, {16}), data, 3.0f, 16u, scratch);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 3.0f));
}

TEST_F(KernelArguments, KnownAtRunTimeOnlyAreCheckedTheSame) {
  const float factor = 2.0f;
  const cl_uint n = 16;
  const std::vector<KernelArgument> good{data, factor, n, scratch};
  kernel.enqueue(stream, NDRange({16}, {16}), good);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 2.0f));
  const std::vector<KernelArgument> bad{data, n, n, scratch};
  EXPECT_THROW(kernel.enqueue(stream, NDRange({16}, {16}), bad), InvalidArgument);
}

}  // namespace
}  // namespace dovetail
