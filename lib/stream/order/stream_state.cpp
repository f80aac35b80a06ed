// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/stream_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/core/thrown_text.hpp"
#include "lib/stream/order/order_log.hpp"
#include "lib/stream/order/stream_registry.hpp"
#include "lib/stream/stream_access.hpp"

namespace dovetail::detail {

StreamState::StreamState(Context context_in, cl_command_queue queue_in, StreamOrigin origin_in,
                         bool profiling_in, bool shared, const StreamRemains& before)
    : context(std::move(context_in)),
      queue(queue_in),
      origin(origin_in),
      profiling(profiling_in),
      id(before.id != 0 ? before.id : next_stream_id()),
      timeline(id, queue, before),
      failure(before.failure),
      foreign(id, shared) {
  log_stream(*this);
}

StreamState::~StreamState() {
  if (in_forked_child()) return;
  retire_stream(*this, remains());
  if (origin != StreamOrigin::borrowed) release(queue);
}

std::optional<StreamRemains> StreamState::remains() noexcept {
  StreamRemains remains{.id = id,
                        .context = context.get(),
                        .enqueued = timeline.enqueued(),
                        .completed = timeline.completed(),
                        .clock = timeline.clock(),
                        .last = nullptr,
                        .failure = failure.current(),
                        .lost = {},
                        .recent = {}};
  // Others' work, or what a peer holds back, may follow on work of ours that is done.
  const bool may_go_on =
      foreign.is_shared() && remains.enqueued > 0 && origin != StreamOrigin::borrowed;
  if (remains.enqueued == remains.completed && !may_go_on && !remains.failure) return std::nullopt;
  remains.recent = recent.between(remains.completed, remains.enqueued);
  if (origin == StreamOrigin::borrowed) {
    remains.lost = "a borrowed queue, and the last handle to that stream is gone";
  } else {
    mark_end(remains);
    if (remains.is_over() && !remains.failure) return std::nullopt;
  }
  return remains;
}

void StreamState::mark_end(StreamRemains& remains) noexcept {
  std::string why;
  for (int attempts = 2; attempts > 0; --attempts) {
    try {
      remains.last = new_marker();
      check(clFlush(queue), "clFlush");  // others who hold the queue may leave it unflushed
      return;
    } catch (...) {
      remains.last.reset();
      why = thrown_text();
    }
  }
  std::fprintf(stderr, "dovetail: %s goes without a last marker: %s\n", label().c_str(),
               why.c_str());
  if (!foreign.is_any_held_back() && clFinish(queue) == CL_SUCCESS) {
    remains.completed = remains.enqueued;
  } else {
    remains.lost = "whose end the driver refused to mark as its last handle went (" + why + ")";
  }
}

void note_completion(const Marker& reached) {
  if (reached.covers.stream == 0) return;
  if (const auto stream = find_producer(reached.covers.stream).alive) {
    stream->timeline.note_completion(reached.covers.ticket);
  } else if (OrderLog::is_on()) {
    OrderLog::add(CompletionEntry{reached.covers});
  }
  for (const Clock::Entry& entry : reached.clock->entries()) {
    const auto stream = find_producer(entry.stream).alive;
    if (stream && stream->timeline.completed() < entry.known) {
      stream->timeline.note_completion(entry.known);
    }
  }
}

void StreamState::fail(const Marker& failed, cl_int status, std::string_view call) {
  // What this stream was made to wait for may have failed first: then that is the reason.
  for (const Timeline::InsertedWait& wait : timeline.inserted_waits()) {
    // Only those that stand before `failed`: two streams may have waited for each other in turn.
    if (wait.marker->number >= failed.number || wait.from > failed.covers.ticket + 1) continue;
    const cl_int earlier = wait.marker->status_if_known();
    if (earlier >= CL_COMPLETE) continue;
    if (const auto producer = find_producer(wait.marker->covers.stream).alive;
        producer && producer.get() != this) {
      producer->fail(*wait.marker, earlier, call);
      const auto why = producer->failure.current();
      if (!why) continue;  // reset meanwhile
      Failure inherited = *why;
      inherited.after = wait.from - 1;
      return failure.set(std::move(inherited));
    }
  }
  const std::uint64_t after = timeline.completed();
  const std::uint64_t until = std::max(after, failed.covers.ticket);
  failure.set({.code = status,
               .call = std::string(call),
               .what = fmt::format("a command on the stream failed: {}, {}", label(),
                                   describe_commands(after, until)),
               .after = after,
               .where = SourceLocation::current()});
}

void StreamState::reset(std::uint64_t done) {
  failure.clear([&] { timeline.restart(done); });
}

std::string StreamState::describe_commands(std::uint64_t after, std::uint64_t until) const {
  return describe(recent.between(after, until), until - after);
}

StreamEntry StreamState::entry() const {
  return {.stream = id,
          .origin = origin,
          .is_shared = foreign.is_shared(),
          .peers = foreign.peer_names()};
}

void log_stream(const StreamState& stream) {
  if (OrderLog::is_on()) OrderLog::add(stream.entry());
}

void StreamState::check_not_capturing(std::string_view function) const {
  if (!capture.is_capturing()) return;
  throw CaptureError(fmt::format(
      "[{}] {} captures, and this cannot be recorded; call it before the capture begins or after "
      "its end. To order streams within a capture, use wait(stream).",
      function, label()));
}

void StreamState::synchronize(const Deadline& deadline, std::string_view function) {
  check_not_capturing(function);
  failure.check(function);
  bool is_leader = false;
  const bool is_done = host_wait.join(deadline, [&] {
    is_leader = true;
    failure.check(function);  // some drivers let a marker behind a failure be reached
    synchronize_with(new_marker(), this, deadline, function);
  });
  if (!is_done) throw_timed_out(function, this);
  if (!is_leader) failure.check(function);
}

const Context& context_of(const Stream& stream, std::string_view function) {
  return state_of(stream, function)->context;
}

bool is_attached(const Stream& stream, const Peer& peer) {
  return state_of(stream)->foreign.is_attached(peer);
}

void share(const Stream& stream) {
  StreamState& state = *state_of(stream);
  if (state.foreign.share()) log_stream(state);
}

void check_takes_work(const Stream& stream, std::string_view function) {
  state_of(stream)->check_not_capturing(function);
  state_of(stream)->failure.check(function);
}

void fail(const Stream& stream, std::uint64_t after, cl_int code, std::string_view call,
          std::string what) {
  state_of(stream)->failure.set({.code = code,
                                 .call = std::string(call),
                                 .what = std::move(what),
                                 .after = after,
                                 .where = SourceLocation::current()});
}

}  // namespace dovetail::detail
