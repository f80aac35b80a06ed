// SPDX-License-Identifier: Apache-2.0
#include "dovetail/interop/queue_handle.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "dovetail/runtime/runtime.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/failing_queues.hpp"
#include "tests/support/forked_child.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/temporary_directory.hpp"

namespace dovetail {
namespace {

using interop::queue_handle;
using test::context;

static_assert(noexcept(queue_handle()) && noexcept(queue_handle(std::declval<const Stream&>())));

std::uintptr_t value(const Stream& stream) {
  return reinterpret_cast<std::uintptr_t>(stream.get());
}

TEST(QueueHandle, ReturnsTheQueueOfTheThreadsCurrentStream) {
  EXPECT_EQ(queue_handle(), value(current_stream()));
  const Stream stream(context());
  EXPECT_EQ(queue_handle(stream), value(stream));
  {
    const StreamGuard guard(stream);
    EXPECT_EQ(queue_handle(), value(stream));
  }
  EXPECT_EQ(queue_handle(), value(current_stream()));
  const std::uintptr_t here = queue_handle();
  std::thread([&] {
    EXPECT_EQ(queue_handle(), value(current_stream()));
    EXPECT_NE(queue_handle(), here);
  }).join();
}

TEST(QueueHandle, RuntimeMadeFromItKeepsTheQueue) {
  std::optional<Stream> stream(std::in_place, context());
  std::optional<Runtime> runtime;
  {
    const StreamGuard guard(*stream);
    runtime.emplace(RuntimeOptions{.external_queue = queue_handle()});
    EXPECT_TRUE(runtime->shares_queue_with_tensors());
  }
  const std::uint64_t id = stream->id();
  stream.reset();
  const Buffer data = test::buffer_of({1});
  runtime->launch(test::grow_kernel(), NDRange({1}), data);
  runtime->synchronize();
  EXPECT_EQ(runtime->stream().id(), id);
  EXPECT_EQ(test::contents(data), std::vector<int>{3});
}

TEST(QueueHandle, ReturnsZeroInAForkedChild) {
  const Stream stream = current_stream();  // so that the child finds one without asking OpenCL
  const auto child = test::run_in_fork(
      [&] { return std::to_string(queue_handle()) + std::to_string(queue_handle(stream)); });
  EXPECT_EQ(child.text, "00");
}

TEST(QueueHandle, ReturnsZeroWithoutADevice) {
  if (test::in_child()) {
    EXPECT_EQ(queue_handle(), 0u);
    return;
  }
  const test::TemporaryDirectory no_drivers;
  const auto child = test::run_again_in_child(
      {{"OCL_ICD_VENDORS", no_drivers.path().string() + "/"}, {"OCL_ICD_FILENAMES", ""}});
  EXPECT_TRUE(child.passed) << child.output;
}

TEST(QueueHandle, ReturnsZeroWhenTheQueueCannotBeMade) {
  if (!test::in_child()) {  // where no queue was made before
    const auto child = test::run_again_in_child();
    EXPECT_TRUE(child.passed) << child.output;
    return;
  }
  {
    const test::FailingQueues failing(1);
    EXPECT_EQ(queue_handle(), 0u);
  }
  EXPECT_NE(queue_handle(), 0u);
}

}  // namespace
}  // namespace dovetail
