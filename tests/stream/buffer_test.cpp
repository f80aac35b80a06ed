// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/buffer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/image.hpp"
#include "tests/support/threads.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;

cl_uint references(cl_mem memory) {
  cl_uint count = 0;
  clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

TEST(Buffer, StartsAsACopyOfItsSourceThoughEveryQueueIsHeld) {
  const Stream held(context());
  const Stream stream(context());
  std::array<int, 4> source{1, 2, 3, 4};
  test::Gate gate(held);
  const Buffer buffer(context(), sizeof(source), source.data());
  EXPECT_EQ(buffer.nbytes(), sizeof(source));
  source.fill(0);
  std::array<int, 4> read{};
  ASSERT_EQ(clEnqueueReadBuffer(stream.get(), buffer.lend(), CL_TRUE, 0, sizeof(read), read.data(),
                                0, nullptr, nullptr),
            CL_SUCCESS);
  EXPECT_EQ(read, (std::array<int, 4>{1, 2, 3, 4}));
}

TEST(Buffer, HoldsNoMemoryForZeroBytes) {
  const Buffer buffer(context(), 0);
  EXPECT_EQ(buffer.lend(), nullptr);
  EXPECT_EQ(buffer.nbytes(), 0u);
  EXPECT_EQ(buffer.context(), context());
}

TEST(Buffer, ThrowsOutOfMemoryBeyondTheDevice) {
  const auto error = test::caught<OutOfMemory>([] { Buffer(context(), std::size_t{1} << 60); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->call(), "clCreateBuffer");
  expect_parts(error->what(), "CL_MEM_OBJECT_ALLOCATION_FAILURE");
}

TEST(Buffer, RetainSharesSomebodysMemory) {
  cl_mem memory = clCreateBuffer(context().get(), CL_MEM_READ_WRITE, 48, nullptr, nullptr);
  ASSERT_NE(memory, nullptr);
  {
    std::optional<Buffer> first = Buffer::retain(context(), memory);
    EXPECT_EQ(references(memory), 2u);
    const Buffer second = *first;
    EXPECT_EQ(references(memory), 2u);
    EXPECT_EQ(second, *first);
    EXPECT_EQ(second.lend(), memory);
    EXPECT_EQ(second.nbytes(), 48u);
    first.reset();
    EXPECT_EQ(references(memory), 2u);
  }
  EXPECT_EQ(references(memory), 1u);
  clReleaseMemObject(memory);
}

TEST(Buffer, ConcurrentRetainsShareOneMemory) {
  std::vector<cl_mem> memories(50'000);
  for (cl_mem& memory : memories) {
    memory = clCreateBuffer(context().get(), CL_MEM_READ_WRITE, 64, nullptr, nullptr);
  }
  std::array<std::vector<Buffer>, 2> retained;
  std::atomic<std::size_t> arrived = 0;
  test::on_threads(2, [&](int thread) {
    for (std::size_t i = 0; i < memories.size(); ++i) {
      ++arrived;
      while (arrived < 2 * (i + 1)) std::this_thread::yield();
      retained.at(static_cast<std::size_t>(thread))
          .push_back(Buffer::retain(context(), memories[i]));
    }
  });
  for (std::size_t i = 0; i < memories.size(); ++i) {
    ASSERT_TRUE(overlap({retained[0][i], 0, 64}, {retained[1][i], 0, 64})) << i;
    clReleaseMemObject(memories[i]);
  }
}

TEST(Buffer, RetainRefusesNullAndMemoryOfAnotherContext) {
  expect_throws<InvalidArgument>([] { static_cast<void>(Buffer::retain(context(), nullptr)); },
                                 "[Buffer::retain]", "null", "give a live cl_mem");
  const Buffer foreign(test::other_context(), 16);
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Buffer::retain(context(), foreign.lend())); }, "[Buffer::retain]",
      "another context", "Context::retain");
  EXPECT_EQ(references(foreign.lend()), 1u);
}

TEST(Buffer, RetainRefusesAnImage) {
  const test::Image image(context());
  if (image.get() == nullptr) GTEST_SKIP() << "the device has no images";
  expect_throws<InvalidArgument>([&] { static_cast<void>(Buffer::retain(context(), image.get())); },
                                 "[Buffer::retain]", "CL_MEM_TYPE 0x10f1", "give a buffer");
  EXPECT_EQ(references(image.get()), 1u);
}

// The kernel writes to freed memory if the last handle releases it at once.
TEST(Buffer, DestructionSparesWorkInFlight) {
  const Stream stream(context());
  const Kernel kernel = test::multiply_add_kernel();
  test::Gate gate(stream);
  {
    const Buffer buffer(context(), 4096 * sizeof(float));
    kernel.launch(stream, NDRange({4096}), buffer, 0.0f, 1.0f);
  }
  gate.release();
  EXPECT_NO_THROW(stream.synchronize());
}

}  // namespace
}  // namespace dovetail
