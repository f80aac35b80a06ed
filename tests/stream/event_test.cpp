// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/event.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;
using test::Gate;

TEST(Event, CompletesOnlyAfterEarlierWork) {
  const Stream stream(context());
  Gate gate(stream);
  const Event event = stream.record();
  EXPECT_FALSE(event.is_done());
  EXPECT_FALSE(event.is_done());
  gate.release();
  event.synchronize();
  EXPECT_TRUE(event.is_done());
}

TEST(Event, LoopOverIsDoneReachesIt) {
  const Stream stream(context());
  const Event event = stream.record();
  while (!event.is_done()) {  // would not end if the work were never started
  }
  SUCCEED();
}

TEST(Event, DoesNotCoverWhatCameAfterIt) {
  const Stream stream(context());
  const Event early = stream.record();
  Gate gate(stream);
  early.synchronize();
  EXPECT_TRUE(early.is_done());
}

TEST(Event, WaitOrdersAConsumerAfterAHeldProducer) {
  const Stream producer(context());
  const Stream consumer(context());
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::full(producer, {1000}, 1.0);
  producer.synchronize();

  Gate gate(producer);
  kernel.launch(producer, NDRange({1000}), data, 2.0f, 3.0f);
  consumer.wait(producer.record());
  kernel.launch(consumer, NDRange({1000}), data, 10.0f, 1.0f);
  const Event consumed = consumer.record();
  EXPECT_FALSE(consumed.is_done());
  gate.release();
  // (1 * 2 + 3) * 10 + 1; the other order gives (1 * 10 + 1) * 2 + 3 = 25.
  EXPECT_EQ(data.to_host<float>(consumer), std::vector<float>(1000, 51.0f));
}

TEST(Event, WaitPassesOnThroughAThirdStream) {
  const Stream first(context());
  const Stream second(context());
  const Stream third(context());
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::full(first, {64}, 1.0);
  Gate gate(first);
  kernel.launch(first, NDRange({64}), data, 2.0f, 0.0f);
  second.wait(first.record());
  kernel.launch(second, NDRange({64}), data, 1.0f, 5.0f);
  third.wait(second.record());
  kernel.launch(third, NDRange({64}), data, 3.0f, 0.0f);
  const Event end = third.record();
  EXPECT_FALSE(end.is_done());
  gate.release();
  EXPECT_EQ(data.to_host<float>(third), std::vector<float>(64, 21.0f));
}

// Hangs if the wait orders the event after itself.
TEST(Event, WaitOnItsOwnStreamDoesNotHoldIt) {
  const Stream stream(context());
  stream.wait(stream.record());
  stream.synchronize();
}

TEST(Event, WaitDoesNotHoldTheProducer) {
  const Stream producer(context());
  const Stream consumer(context());
  const Event event = producer.record();
  Gate gate(consumer);
  consumer.wait(event);
  producer.synchronize();
  EXPECT_TRUE(event.is_done());
}

TEST(Event, WaitRefusesAnEventOfAnotherContext) {
  const Stream stream(context());
  const Event foreign = Stream(test::other_context()).record();
  expect_throws<InvalidArgument>([&] { stream.wait(foreign); }, "[Stream::wait]", "another context",
                                 "block the host with synchronize()");
}

TEST(Event, RetainSharesAForeignEvent) {
  const Stream stream(context());
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  ASSERT_NE(user, nullptr);
  const auto references = [user] {
    cl_uint count = 0;
    clGetEventInfo(user, CL_EVENT_REFERENCE_COUNT, sizeof(count), &count, nullptr);
    return count;
  };
  const cl_uint before = references();
  std::optional<Event> event = Event::retain(user);
  EXPECT_EQ(event->get(), user);
  EXPECT_EQ(references(), before + 1);
  EXPECT_FALSE(event->is_done());

  stream.wait(*event);
  const Event after = stream.record();
  EXPECT_FALSE(after.is_done());
  ASSERT_EQ(clSetUserEventStatus(user, CL_COMPLETE), CL_SUCCESS);
  after.synchronize();
  EXPECT_TRUE(event->is_done());
  stream.synchronize();
  event.reset();
  clReleaseEvent(user);
}

TEST(Event, LoopOverIsDoneReachesAForeignEvent) {
  const test::NativeQueue native(context());
  cl_event marker = nullptr;
  ASSERT_EQ(clEnqueueMarkerWithWaitList(native.get(), 0, nullptr, &marker), CL_SUCCESS);
  const Event event = Event::retain(marker);
  clReleaseEvent(marker);
  while (!event.is_done()) {
  }
  SUCCEED();
}

TEST(Event, RetainRefusesNull) {
  expect_throws<InvalidArgument>([] { static_cast<void>(Event::retain(nullptr)); },
                                 "[Event::retain]", "null", "give a live cl_event");
}

TEST(Event, OutlivesItsStream) {
  std::optional<Stream> stream(std::in_place, context());
  const Event event = stream->record();
  stream.reset();
  event.synchronize();
  EXPECT_TRUE(event.is_done());
}

TEST(Event, ReportsThatACommandBeforeItFailed) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Stream stream(context());
  Gate gate(stream);
  const Event event = stream.record();
  gate.fail(CL_OUT_OF_RESOURCES);
  // Which negative status the later commands get is the driver's choice.
  const auto waited = test::caught<CommandError>([&] { event.synchronize(); });
  ASSERT_TRUE(waited);
  EXPECT_LT(waited->code(), 0);
  EXPECT_EQ(waited->call(), "clWaitForEvents");
  expect_parts(waited->what(), "a command on the stream failed");
  const auto asked = test::caught<CommandError>([&] { static_cast<void>(event.is_done()); });
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->code(), waited->code());
  expect_parts(asked->what(), "a command on the stream failed");
}

TEST(Event, ReportsTheFailedCommandsOwnStatus) {
  cl_event user = clCreateUserEvent(context().get(), nullptr);
  const Event event = Event::retain(user);
  ASSERT_EQ(clSetUserEventStatus(user, CL_OUT_OF_RESOURCES), CL_SUCCESS);
  const auto error = test::caught<CommandError>([&] { event.synchronize(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), CL_OUT_OF_RESOURCES);
  expect_parts(error->what(), "clWaitForEvents returned CL_OUT_OF_RESOURCES (-5)");
  clReleaseEvent(user);
}

}  // namespace
}  // namespace dovetail
