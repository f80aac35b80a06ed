// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/stream_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/core/thrown_text.hpp"
#include "lib/stream/order/order_log.hpp"
#include "lib/stream/order/stream_registry.hpp"

namespace dovetail::detail {
namespace {

std::atomic<int> troubled_streams{0};
std::atomic<bool> was_any_shared_late{false};

/// Numbers for what others may have enqueued: comparable with each other, whoever tells of it.
std::uint64_t next_epoch() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

std::string stream_label(std::uint64_t id) { return fmt::format("stream #{}", id); }

/// @param count  How many there were, of which `work` are those remembered.
std::string describe(const std::vector<NamedWork>& work, std::uint64_t count) {
  if (work.empty()) return "work that was not given through Dovetail";
  constexpr std::size_t most = 4;
  std::string text = work.size() > 1 ? fmt::format("one of the last {}: ", count) : "";
  const std::size_t first = work.size() > most ? work.size() - most : 0;
  if (first != 0) text += "..., ";
  for (std::size_t i = first; i < work.size(); ++i) {
    text +=
        fmt::format("{}{} (ticket {})", i == first ? "" : ", ", work[i].name.str(), work[i].ticket);
  }
  return text;
}

cl_event enqueue_marker(cl_command_queue queue) {
  cl_event event = nullptr;
  check(clEnqueueMarkerWithWaitList(queue, 0, nullptr, &event), "clEnqueueMarkerWithWaitList");
  return event;
}

}  // namespace

bool any_stream_is_in_trouble() noexcept {
  return troubled_streams.load(std::memory_order_relaxed) != 0;
}

bool was_any_stream_shared_late() noexcept {
  return was_any_shared_late.load(std::memory_order_relaxed);
}

void count_trouble(int change) noexcept {
  troubled_streams.fetch_add(change, std::memory_order_relaxed);
}

std::string CommandName::str() const {
  return *kind == '\0' ? name : fmt::format("{} '{}'", kind, name);
}

const char* permanent(std::string_view text) {
  static std::mutex mutex;
  static auto* const texts = new std::set<std::string, std::less<>>;
  const std::scoped_lock lock(mutex);
  auto place = texts->find(text);
  if (place == texts->end()) place = texts->emplace(text).first;
  return place->c_str();
}

StreamState::StreamState(Context context_in, cl_command_queue queue_in, StreamOrigin origin_in,
                         bool profiling_in, bool shared, const StreamRemains* before)
    : context(std::move(context_in)),
      queue(queue_in),
      origin(origin_in),
      profiling(profiling_in),
      id(before != nullptr ? before->id : next_stream_id()),
      is_shared(shared),
      clock(before != nullptr ? before->clock : std::make_shared<const Clock>()) {
  if (before != nullptr) {
    reserved = before->enqueued;
    enqueued = before->enqueued;
    completed = before->completed;
    marker = before->last;
    failure = before->failure;
    has_failed = failure != nullptr;
  }
  log_stream(*this);
}

StreamState::~StreamState() {
  if (in_forked_child()) return;
  retire_stream(*this, remains());
  if (origin != StreamOrigin::borrowed) release(queue);
}

std::optional<StreamRemains> StreamState::remains() noexcept {
  // Others' work, or what a peer holds back, may follow on work of ours that is done.
  const bool may_go_on = is_shared && enqueued > 0 && origin != StreamOrigin::borrowed;
  if (enqueued == completed && !may_go_on && !failure) return std::nullopt;
  StreamRemains remains{.id = id,
                        .context = context.get(),
                        .enqueued = enqueued,
                        .completed = completed,
                        .clock = clock,
                        .last = nullptr,
                        .failure = failure,
                        .lost = {},
                        .recent = recent_commands(completed, enqueued)};
  if (origin == StreamOrigin::borrowed) {
    remains.lost = "a borrowed queue, and the last handle to that stream is gone";
  } else {
    mark_end(remains);
    if (remains.is_over() && !failure) return std::nullopt;
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
  // What a peer holds back is not on the queue.
  const bool is_all_there = std::ranges::none_of(peers, [](const auto& peer) {
    const PeerFrontiers frontiers = peer->frontiers();
    return frontiers.recorded > frontiers.enqueued;
  });
  if (is_all_there && clFinish(queue) == CL_SUCCESS) {
    remains.completed = remains.enqueued;
  } else {
    remains.lost = "whose end the driver refused to mark as its last handle went (" + why + ")";
  }
}

void StreamState::have_submit(Peer& peer) const {
  const PeerFrontiers before = peer.frontiers();
  if (before.recorded <= before.enqueued) return;
  peer.submit();
  if (peer.frontiers().enqueued >= before.recorded) return;
  throw Error(fmt::format(
      "[Peer::submit] '{}' on {} had recorded {} and has enqueued {}: work that it holds back "
      "cannot be ordered; submit() must enqueue all that was recorded.",
      peer.name(), label(), before.recorded, peer.frontiers().enqueued));
}

std::uint64_t StreamState::foreign_epoch() {
  if (!has_peers.load(std::memory_order_acquire)) return next_epoch();
  std::vector<std::shared_ptr<Peer>> all;
  {
    const std::scoped_lock lock(order_mutex);
    all = peers;
  }
  std::uint64_t frontier = 0;
  for (const auto& peer : all) {
    have_submit(*peer);
    frontier += peer->frontiers().enqueued;
  }
  const std::scoped_lock lock(order_mutex);
  if (all != peers) return next_epoch();
  if (peers_epoch == 0 || frontier > peers_frontier) {
    peers_frontier = frontier;
    peers_epoch = next_epoch();
  }
  return peers_epoch;
}

bool StreamState::share() {
  if (is_shared.exchange(true)) return false;
  was_any_shared_late.store(true, std::memory_order_relaxed);
  return true;
}

MarkerHandle StreamState::new_marker() {
  const std::uint64_t epoch = foreign_epoch();  // others may enqueue on an owned queue, too
  const std::scoped_lock lock(order_mutex);
  const std::uint64_t covers = enqueued.load(std::memory_order_acquire);
  auto made =
      std::make_shared<const Marker>(enqueue_marker(queue), Point{id, covers}, epoch, clock);
  if (OrderLog::is_on()) OrderLog::add(MarkerEntry{made->number, made->covers});
  marker = made;
  return made;
}

StreamState::Covering StreamState::marker_covering(std::uint64_t ticket, std::uint64_t epoch) {
  // Another thread has noted its work's uses and is enqueuing it; the first use of a kernel may
  // have the driver compile it meanwhile.
  for (int i = 0; enqueued.load(std::memory_order_acquire) < ticket; ++i) {
    if (i < 1000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  const std::scoped_lock lock(order_mutex);
  const bool is_new = !marker || marker->covers.ticket < ticket || marker->epoch < epoch;
  if (is_new) {
    const std::uint64_t covers = enqueued.load(std::memory_order_acquire);
    marker = std::make_shared<const Marker>(enqueue_marker(queue), Point{id, covers}, epoch, clock);
    counters.markers.fetch_add(1, std::memory_order_relaxed);
    if (OrderLog::is_on()) OrderLog::add(MarkerEntry{marker->number, marker->covers});
  }
  if (!marker->is_flushed.load(std::memory_order_relaxed)) {
    check(clFlush(queue), "clFlush");
    marker->is_flushed.store(true, std::memory_order_relaxed);
  }
  return {marker, is_new};
}

void StreamState::note_completion(const Marker& reached) {
  if (reached.covers.stream == 0) return;
  if (const auto stream = find_producer(reached.covers.stream).alive) {
    stream->note_completion(reached.covers.ticket);
  } else if (OrderLog::is_on()) {
    OrderLog::add(CompletionEntry{reached.covers});
  }
  for (const Clock::Entry& entry : reached.clock->entries()) {
    const auto stream = find_producer(entry.stream).alive;
    if (stream && stream->completed.load(std::memory_order_relaxed) < entry.known) {
      stream->note_completion(entry.known);
    }
  }
}

void StreamState::note_completion(std::uint64_t ticket) {
  const std::scoped_lock lock(order_mutex);
  if (marker && marker->covers.ticket <= ticket) marker.reset();
  if (completed.load(std::memory_order_relaxed) >= ticket) return;
  if (OrderLog::is_on()) OrderLog::add(CompletionEntry{{id, ticket}});  // before others can tell
  completed.store(ticket, std::memory_order_release);
  std::erase_if(inserted_waits, [&](const InsertedWait& wait) { return wait.from <= ticket; });
}

void StreamState::fail(const Marker& failed, cl_int status, std::string_view call) {
  // What this stream was made to wait for may have failed first: then that is the reason.
  std::vector<InsertedWait> waits;
  {
    const std::scoped_lock lock(order_mutex);
    waits = inserted_waits;
  }
  for (const InsertedWait& wait : waits) {
    // Only those that stand before `failed`: two streams may have waited for each other in turn.
    if (wait.marker->number >= failed.number || wait.from > failed.covers.ticket + 1) continue;
    const cl_int earlier = wait.marker->status_if_known();
    if (earlier >= CL_COMPLETE) continue;
    if (const auto producer = find_producer(wait.marker->covers.stream).alive;
        producer && producer.get() != this) {
      producer->fail(*wait.marker, earlier, call);
      std::shared_ptr<const Failure> why = producer->current_failure();
      if (!why) continue;  // reset meanwhile
      Failure inherited = *why;
      inherited.after = wait.from - 1;
      return fail(std::move(inherited));
    }
  }
  const std::uint64_t after = completed.load(std::memory_order_acquire);
  const std::uint64_t until = std::max(after, failed.covers.ticket);
  fail(Failure{.code = status,
               .call = std::string(call),
               .what = fmt::format("a command on the stream failed: {}, {}", label(),
                                   describe_commands(after, until)),
               .after = after,
               .where = SourceLocation::current()});
}

void StreamState::fail(Failure why) {
  const std::scoped_lock lock(order_mutex);
  if (failure) return;
  failure = std::make_shared<const Failure>(std::move(why));
  has_failed.store(true, std::memory_order_release);
  count_trouble(1);
}

void StreamState::check_usable(std::string_view function) const {
  check_not_forked(function);
  if (!has_failed.load(std::memory_order_acquire)) [[likely]]
    return;
  if (const auto why = current_failure()) throw_command_error(*why, function);
}

std::shared_ptr<const Failure> StreamState::current_failure() const {
  const std::scoped_lock lock(order_mutex);
  return failure;
}

std::string StreamState::label() const { return stream_label(id); }
std::string StreamRemains::label() const { return stream_label(id); }

std::vector<NamedWork> StreamState::recent_commands(std::uint64_t after,
                                                    std::uint64_t until) const {
  std::vector<NamedWork> found;
  for (const RecentCommand& command : recent) {
    const std::uint64_t ticket = command.ticket.load(std::memory_order_acquire);
    if (ticket <= after || ticket > until) continue;
    const CommandName name{command.kind.load(std::memory_order_acquire),
                           command.name.load(std::memory_order_acquire)};
    if (command.ticket.load(std::memory_order_acquire) == ticket) {  // else written meanwhile
      found.push_back({ticket, name});
    }
  }
  std::ranges::sort(found, {}, &NamedWork::ticket);
  return found;
}

std::string StreamState::describe_commands(std::uint64_t after, std::uint64_t until) const {
  return describe(recent_commands(after, until), until - after);
}

std::string StreamRemains::describe_commands() const {
  return describe(recent, enqueued - completed);
}

StreamEntry StreamState::entry() const {
  StreamEntry entry{.stream = id, .origin = origin, .is_shared = is_shared, .peers = {}};
  const std::scoped_lock lock(order_mutex);
  for (const auto& peer : peers) entry.peers.emplace_back(peer->name());
  return entry;
}

void log_stream(const StreamState& stream) {
  if (OrderLog::is_on()) OrderLog::add(stream.entry());
}

void StreamState::remember(std::uint64_t ticket, const CommandName& name) noexcept {
  RecentCommand& place = recent[ticket % recent.size()];
  place.ticket.store(0, std::memory_order_release);
  place.kind.store(name.kind, std::memory_order_release);
  place.name.store(name.name, std::memory_order_release);
  place.ticket.store(ticket, std::memory_order_release);
}

bool StreamState::begin_capture(const std::shared_ptr<CaptureSession>& session) {
  const std::scoped_lock lock(order_mutex);
  if (capture) return false;
  capture = session;
  is_capturing.store(true, std::memory_order_release);
  return true;
}

void StreamState::end_capture() noexcept {
  std::shared_ptr<CaptureSession> ended;  // goes without the locks
  const std::scoped_lock submit(submit_mutex);
  const std::scoped_lock lock(order_mutex);
  is_capturing.store(false, std::memory_order_release);
  ended.swap(capture);
}

std::shared_ptr<CaptureSession> StreamState::current_capture() const {
  if (!is_capturing.load(std::memory_order_acquire)) return nullptr;
  const std::scoped_lock lock(order_mutex);
  return capture;
}

void StreamState::check_not_capturing(std::string_view function) const {
  if (!is_capturing.load(std::memory_order_acquire)) return;
  throw CaptureError(fmt::format(
      "[{}] {} captures, and this cannot be recorded; call it before the capture begins or after "
      "its end. To order streams within a capture, use wait(stream).",
      function, label()));
}

void StreamState::reset(std::uint64_t done) {
  const std::scoped_lock lock(order_mutex);
  if (!failure) return;
  failure.reset();
  inserted_waits.clear();
  marker.reset();
  // Not all that was enqueued: another thread may have been at it as the failure was found.
  completed.store(std::max(completed.load(), done), std::memory_order_release);
  has_failed.store(false, std::memory_order_release);
  count_trouble(-1);
}

void throw_command_error(const Failure& why, std::string_view function) {
  throw CommandError(why.code, why.call, why.where, fmt::format("[{}] {}", function, why.what));
}

void StreamState::synchronize(const Deadline& deadline, std::string_view function) {
  check_not_capturing(function);
  check_usable(function);
  std::unique_lock lock(synchronize_mutex);
  const std::uint64_t mine = ++asked;
  const auto may_go_on = [&] { return served >= mine || !has_leader; };
  if (!deadline) {
    synchronized.wait(lock, may_go_on);
  } else if (!synchronized.wait_until(lock, *deadline, may_go_on)) {
    throw_timed_out(function, this);
  }
  if (served >= mine) {
    lock.unlock();
    return check_usable(function);
  }
  has_leader = true;
  const std::uint64_t all = asked;
  lock.unlock();
  struct Done {
    StreamState& stream;
    std::uint64_t served;
    ~Done() {
      const std::scoped_lock lock(stream.synchronize_mutex);
      stream.served = std::max(stream.served, served);
      stream.has_leader = false;
      stream.synchronized.notify_all();
    }
  } done{*this, 0};        // unless it succeeds, the next in the line asks for itself
  check_usable(function);  // some drivers let a marker behind a failure be reached
  synchronize_with(new_marker(), this, deadline, function);
  done.served = all;
}

void take_note(const Marker& marker, StreamState* producer, cl_int status,
               std::string_view function) {
  if (status == CL_COMPLETE) return StreamState::note_completion(marker);
  if (producer != nullptr) {
    producer->fail(marker, status, "clWaitForEvents");
    producer->check_usable(function);
  }
  throw CommandError(status, "clWaitForEvents", SourceLocation::current(),
                     fmt::format("[{}] the event's command failed", function));
}

void synchronize_with(const MarkerHandle& marker, StreamState* producer, const Deadline& deadline,
                      std::string_view function) {
  check_not_forked(function);
  if (producer != nullptr) producer->counters.host_waits.fetch_add(1, std::memory_order_relaxed);
  if (OrderLog::is_on()) {
    OrderLog::add(HostWaitEntry{marker->number, marker->covers, std::string(function)});
  }
  if (deadline) marker->flush();
  if (!marker->wait(deadline)) throw_timed_out(function, producer);
  take_note(*marker, producer, marker->status(), function);
}

}  // namespace dovetail::detail
