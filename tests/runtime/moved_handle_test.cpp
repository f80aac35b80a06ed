// SPDX-License-Identifier: Apache-2.0
// Handles that were moved from hold nothing, and every function that takes one reports it.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "dovetail/dovetail.hpp"
#include "tests/runtime/moved_handles.hpp"
#include "tests/support/lazy_peer.hpp"

namespace dovetail {
namespace {

using test::expect_refused;
using test::Handles;
using test::MovedHandles;
using test::source;

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
      {"Stream::synchronize", [&] { return moved.stream.synchronize(1ms); },
       "[Stream::synchronize] the stream"},
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
      {"Event::synchronize", [&] { return moved.event.synchronize(1ms); },
       "[Event::synchronize] the event"},
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
