// SPDX-License-Identifier: Apache-2.0
// Streams, events, times, plain OpenCL in stream order, pools, and streams that end in mid-work.
#include <chrono>
#include <vector>

#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/stream/peer.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "tests/faults/sweep/workload.hpp"

namespace dovetail::sweep {
namespace {

using namespace std::chrono_literals;

void devices(Fixture& fixture) {
  expect("the devices", !Device::all().empty());
  expect("the context's device", fixture.context().device() == Device::default_device());
  const Context same = Context::retain(fixture.context().get(), fixture.context().device());
  expect("the context", same == fixture.context());
}

void streams(Fixture& fixture) {
  for (const Stream* stream : {&fixture.stream(0), &fixture.profiled(), &fixture.retained()}) {
    const Buffer data = fixture.buffer(1);
    fixture.grow(*stream, data);
    stream->flush();
    fixture.grow(*stream, data);
    stream->synchronize();
    expect("work on a stream", fixture.contents(*stream, data), all(7));
  }
}

void foreign_work(Fixture& fixture) {
  const Buffer data = fixture.buffer(1);
  const Stream& stream = fixture.retained();
  fixture.grow(fixture.stream(0), data);
  fixture.grow(stream, data);
  native_set(stream.get(), data.lend(), 4);
  fixture.grow(fixture.stream(1), data);
  expect("work behind somebody else's", fixture.contents(fixture.stream(1), data), all(9));
}

void events(Fixture& fixture) {
  const Stream &first = fixture.stream(0), &second = fixture.stream(1);
  const Buffer data = fixture.buffer(1);
  {
    const Hold hold(fixture.context(), first.get());
    fixture.grow(first, data);
    const Event event = first.record();
    second.wait(event);
    expect("an event behind a hold", !event.is_done());
  }
  fixture.grow(second, data);
  second.wait(first.point());
  fixture.stream(2).wait(second);
  fixture.grow(fixture.stream(2), data);
  const Event event = fixture.stream(2).record();
  event.synchronize(30s);
  event.synchronize();
  expect("an event that was waited for", event.is_done());
  expect("work across streams", fixture.contents(first, data), all(15));
  first.synchronize(30s);
}

void foreign_events(Fixture& fixture) {
  const Buffer data = fixture.buffer(1);
  NativeQueue queue = native_queue(fixture.context());
  std::optional<Event> event;
  {
    const Hold hold(fixture.context(), queue.get());
    native_set(queue.get(), data.lend(), 5);
    cl_event marker = nullptr;
    check(clEnqueueMarkerWithWaitList(queue.get(), 0, nullptr, &marker),
          "clEnqueueMarkerWithWaitList");
    const NativeEvent owned(marker);
    check(clFlush(queue.get()), "clFlush");
    event = Event::retain(marker);
    fixture.stream(0).wait(*event);
  }
  fixture.grow(fixture.stream(0), data);
  expect("work behind an event of somebody else", fixture.contents(fixture.stream(0), data),
         all(11));
  event->synchronize();
}

void timed_events(Fixture& fixture) {
  for (const Stream* stream : {&fixture.profiled(), &fixture.stream(1)}) {
    const Buffer data = fixture.buffer(1);
    const TimedEvent start = stream->record_timed();
    fixture.grow(*stream, data);
    const TimedEvent end = stream->record_timed();
    end.synchronize(30s);
    expect("the time of some work", (end - start).count() >= 0);
  }
}

void plain_opencl(Fixture& fixture) {
  const Stream &first = fixture.stream(0), &second = fixture.stream(1);
  const Buffer from = fixture.buffer(1), to = fixture.buffer(2);
  fixture.grow(first, from);
  with_queue(second, {{reads(from), writes(to)}}, "a copy", [&](cl_command_queue queue) {
    check(clEnqueueCopyBuffer(queue, from.lend(), to.lend(), 0, 0, from.nbytes(), 0, nullptr,
                              nullptr),
          "clEnqueueCopyBuffer");
  });
  fixture.grow(first, to);
  with_queue(second, "anything",
             [&](cl_command_queue queue) { native_set(queue, from.lend(), 6); });
  fixture.grow(fixture.stream(2), from);
  expect("declared work", fixture.contents(first, to), all(7));
  expect("undeclared work", fixture.contents(first, from), all(13));
}

void ended_streams(Fixture& fixture) {
  for (const bool is_declared : {true, false}) {
    const Buffer data = fixture.buffer(1);
    {
      std::optional<Stream> ends(fixture.context());
      const Hold hold(fixture.context(), ends->get());
      if (is_declared) {
        fixture.set(*ends, data, 5);
      } else {
        with_queue(*ends, "anything",
                   [&](cl_command_queue queue) { native_set(queue, data.lend(), 5); });
      }
      ends.reset();
      fixture.grow(fixture.stream(0), data);
    }
    fixture.grow(fixture.stream(1), data);
    expect("work behind a stream that ended", fixture.contents(fixture.stream(2), data), all(23));
  }
}

/// A stream on somebody's queue; at its end the queue is finished, and that is declared.
class Borrowed {
 public:
  Borrowed(const Context& context, cl_command_queue queue)
      : queue_(queue), stream_(std::in_place, Stream::borrow(context, queue)) {}
  ~Borrowed() {
    const Point point = stream_->point();
    stream_.reset();
    while (clFinish(queue_) != CL_SUCCESS) {
    }
    Stream::declare_done(point);
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  const Stream& stream() const { return *stream_; }

 private:
  cl_command_queue queue_;
  std::optional<Stream> stream_;
};

void borrowed_queues(Fixture& fixture) {
  const Buffer data = fixture.buffer(1);
  const NativeQueue queue = native_queue(fixture.context());
  {
    const Borrowed borrowed(fixture.context(), queue.get());
    fixture.grow(borrowed.stream(), data);
  }
  fixture.grow(fixture.stream(0), data);
  expect("work behind a borrowed queue", fixture.contents(fixture.stream(0), data), all(7));
}

/// Holds back a fill until it is told to submit.
class LazyFramework : public Peer {
 public:
  LazyFramework(cl_command_queue queue, cl_mem memory) : queue_(queue), memory_(memory) {}
  std::string_view name() const noexcept override { return "lazy"; }
  PeerFrontiers frontiers() const noexcept override { return {1, submitted_, submitted_}; }
  void submit() override {
    if (submitted_ != 0) return;
    native_set(queue_, memory_, 5);
    check(clFlush(queue_), "clFlush");
    submitted_ = 1;
  }

 private:
  cl_command_queue queue_;
  cl_mem memory_;
  std::uint64_t submitted_ = 0;
};

void peers(Fixture& fixture) {
  const Buffer data = fixture.buffer(1);
  const NativeQueue queue = native_queue(fixture.context());
  const Stream stream = Stream::retain(fixture.context(), queue.get());
  const auto peer = std::make_shared<LazyFramework>(queue.get(), data.lend());
  stream.attach(peer);
  with_queue(stream, {{writes(data)}}, "held back", [](cl_command_queue) {});
  fixture.grow(fixture.stream(0), data);
  stream.detach(*peer);
  expect("work behind a lazy framework", fixture.contents(fixture.stream(0), data), all(11));
}

void stream_pools(Fixture& fixture) {
  const Buffer data = fixture.buffer(1);
  fixture.grow(fixture.pool().default_stream(), data);
  fixture.grow(fixture.pool().get(0), data);
  fixture.grow(fixture.pool().get(), data);
  {
    const StreamLease lease = fixture.pool().lease();
    fixture.grow(lease.stream(), data);
  }
  const std::optional<StreamLease> lease = fixture.pool().try_lease_for(30s);
  expect("a lease", lease.has_value());
  fixture.grow(lease->stream(), data);
  expect("work on a pool's streams", fixture.contents(lease->stream(), data), all(63));
}

void memory_pools(Fixture& fixture) {
  MemoryPool own(fixture.context(), {.limit_nbytes = 4096});
  for (MemoryPool* pool : {&own, &MemoryPool::of(fixture.context())}) {
    for (std::size_t i = 0; i < 3; ++i) {
      const Buffer data = pool->allocate(fixture.stream(i), count * sizeof(int));
      fixture.set(fixture.stream(i), data, 3);
      fixture.grow(fixture.stream((i + 1) % 3), data);
      expect("memory of a pool", fixture.contents(fixture.stream(i), data), all(7));
    }
    pool->trim();
  }
}

void explanations(Fixture& fixture) {
  OrderRecorder recorder;
  const Buffer data = fixture.buffer(1);
  fixture.grow(fixture.stream(0), data);
  fixture.grow(fixture.stream(1), data);
  expect("an explanation", !explain(recorder.take()).empty() && !dump_streams().empty());
}

}  // namespace

const std::vector<Section> stream_sections{{"devices", devices},
                                           {"streams", streams},
                                           {"foreign work", foreign_work},
                                           {"events", events},
                                           {"foreign events", foreign_events},
                                           {"timed events", timed_events},
                                           {"plain OpenCL", plain_opencl},
                                           {"ended streams", ended_streams},
                                           {"borrowed queues", borrowed_queues},
                                           {"peers", peers},
                                           {"stream pools", stream_pools},
                                           {"memory pools", memory_pools},
                                           {"explanations", explanations}};

}  // namespace dovetail::sweep
