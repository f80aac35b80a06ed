// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/submission.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/thrown_text.hpp"
#include "lib/stream/capture/capture_session.hpp"
#include "lib/stream/order/dependency.hpp"
#include "lib/stream/order/memory_locks.hpp"
#include "lib/stream/order/order_log.hpp"
#include "lib/stream/order/stream_registry.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/order/undeclared_work.hpp"
#include "lib/stream/order/waits.hpp"

namespace dovetail::detail {
namespace {

// Read at every launch: the model saves the call that finds a library's variable.
[[gnu::tls_model("initial-exec")]] thread_local const StreamState* submitting = nullptr;

/// Says that this thread gives work to a stream.
class Entered {
 public:
  explicit Entered(const StreamState& stream) {
    check_not_submitting(stream, "Stream");
    submitting = &stream;
  }
  ~Entered() {
    if (is_armed_) submitting = nullptr;
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;
  void keep() noexcept { is_armed_ = false; }

 private:
  bool is_armed_ = true;
};

Hazard hazard_of(const MemoryState::LastUse& before, bool writes) {
  if (!before.writes) return Hazard::write_after_read;
  return writes ? Hazard::write_after_write : Hazard::read_after_write;
}

CommandEntry command_entry(Point point, const CommandName& name, const TrackedUses& uses,
                           Declared declared) {
  CommandEntry entry{point, name.str(), {}, declared == Declared::no};
  for (const TrackedUse& use : uses) {
    entry.uses.push_back({use.memory->id(), use.range.begin, use.range.end, use.access});
  }
  return entry;
}

[[noreturn]] void throw_not_submitted(const StreamState& stream, const TrackedUse& use,
                                      const CommandName& name) {
  throw CaptureError(fmt::format(
      "[Stream] {} on {} reads bytes [{}, {}) of memory {}, a result that was recorded and has not "
      "been submitted; replay the recording first.",
      name.str(), stream.label(), use.range.begin, use.range.end, use.memory->id()));
}

/// Adds what the work depends on, and refuses it if that has failed or was never submitted. The
/// memory is locked.
void find_dependencies(const StreamState& stream, const TrackedUses& uses, const CommandName& name,
                       std::uint64_t recording, Dependencies& dependencies) {
  const bool is_any_in_trouble = any_stream_is_in_trouble();
  for (const TrackedUse& use : uses) {
    if (use.access != Access::write && use.memory->awaits_submission(use.range, recording))
        [[unlikely]] {
      throw_not_submitted(stream, use, name);
    }
    const bool writes = use.access != Access::read;
    use.memory->conflicts(use.range, writes, [&](const MemoryState::LastUse& before) {
      // Nobody can reset such a stream: its memory can be used again once it is written anew.
      if (is_any_in_trouble && (use.access == Access::write || !before.writes) &&
          is_gone_after_failure(before.stream)) [[unlikely]] {
        return;
      }
      add_dependency(
          dependencies,
          {{before.stream, before.ticket}, before.foreign, hazard_of(before, writes), &use});
    });
  }
  if (is_any_in_trouble) [[unlikely]]
    check_sources(stream, dependencies, name);
}

/// Notes the work's own uses. The memory is locked since its dependencies were found.
void note_uses(const StreamState& stream, std::uint64_t ticket, const TrackedUses& uses) {
  const bool foreign = stream.foreign.is_shared();
  for (const TrackedUse& use : uses) {
    use.memory->settle_recorded_results(use.range, use.access);
    use.memory->add(use.range, {stream.id, ticket, use.access != Access::read, foreign});
  }
}

/// Why a stream takes no more work: for a handler of what was thrown.
Failure failure_after(std::uint64_t ticket) {
  Failure why{.code = CL_OUT_OF_RESOURCES,
              .call = "Stream",
              .what = thrown_text(),
              .after = ticket,
              .where = SourceLocation::current()};
  try {
    throw;
  } catch (const OpenCLError& error) {
    why.code = error.code();
    why.call = error.call();
  } catch (...) {  // nothing more to tell
  }
  return why;
}

void wait_for(StreamState& stream, const Dependency& dependency, const char* function) {
  const CommandName name{"", function};
  check_not_forked(function);
  const Entered entered(stream);
  const std::scoped_lock lock(stream.submit_mutex);
  stream.failure.check(function);
  Waits waits(stream, stream.timeline.next_ticket(), name);
  waits.meet(dependency);
  waits.insert();
}

void follow(const StreamState& stream, const std::vector<LatestWork>& all,
            Dependencies& dependencies) {
  for (const LatestWork& work : all) {
    if (work.point.stream == stream.id) continue;
    add_dependency(dependencies, {work.point, work.foreign, Hazard::undeclared, nullptr});
  }
}

/// Whether the work was recorded instead, since the stream captures.
bool capture(const StreamState& stream, const CommandName& name, Recordable* work) {
  const auto session = stream.capture.current();
  if (!session) return false;
  if (work != nullptr) return session->add(stream, *work);
  throw CaptureError(fmt::format(
      "[Stream] {} captures, and {} cannot be recorded; give it to another stream, or before the "
      "capture begins or after its end.",
      stream.label(), name.str()));
}

}  // namespace

void check_not_submitting(const StreamState& stream, std::string_view function) {
  if (submitting == nullptr) [[likely]]
    return;
  throw Error(
      fmt::format("[{}] this thread is giving work to {} and gives work to {} meanwhile; neither "
                  "Peer::submit nor a function that enqueues on a stream's queue may give work to "
                  "a stream, capture or change a recording.",
                  function, submitting->label(), stream.label()));
}

Submission::Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
                       Recordable* work, Declared declared)
    : Submission(stream, uses, name, work, declared, no_recording) {}

Submission::Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
                       const RecordingProgress& replayed)
    : Submission(stream, uses, name, nullptr, Declared::yes, replayed.number()) {}

Submission::Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
                       Recordable* work, Declared declared, std::uint64_t recording)
    : stream_(state_of(stream).get()), queue_(stream_->queue), declared_(declared) {
  check_not_forked("Stream");
  Entered entered(*stream_);
  stream_->foreign.submit_peers();
  order_ = std::unique_lock(stream_->submit_mutex);
  stream_->failure.check("Stream");
  if (stream_->capture.is_capturing()) [[unlikely]] {
    if (capture(*stream_, name, work)) {
      entered.keep();
      return;
    }
  }
  insert_waits(uses, name, recording);
  entered.keep();
}

void Submission::insert_waits(const TrackedUses& uses, const CommandName& name,
                              std::uint64_t recording) {
  Dependencies dependencies;
  ticket_ = stream_->timeline.next_ticket();
  const std::uint64_t undeclared = UndeclaredWork::version();
  if (undeclared != stream_->undeclared_version) [[unlikely]]
    follow(*stream_, UndeclaredWork::of(stream_->context.get()), dependencies);
  if (declared_ == Declared::no) {
    follow(*stream_, latest_work(stream_->context.get()), dependencies);
  }
  {
    const MemoryLocks locks(uses);  // both at one moment for all memory
    find_dependencies(*stream_, uses, name, recording, dependencies);
    note_uses(*stream_, ticket_, uses);
    if (OrderLog::is_on())
      OrderLog::add(command_entry({stream_->id, ticket_}, name, uses, declared_));
  }
  stream_->timeline.reserve(ticket_);
  stream_->recent.remember(ticket_, name);
  try {
    Waits waits(*stream_, ticket_, name);
    for (const Dependency& dependency : dependencies) waits.meet(dependency);
    waits.insert();
    stream_->undeclared_version = undeclared;  // in the stream's clock by now, or done
  } catch (...) {
    // Its uses are noted, but its order is not kept: nothing may build on it.
    stream_->failure.set(failure_after(ticket_ - 1));
    stream_->timeline.publish(ticket_);
    throw;
  }
}

MarkerHandle Submission::mark(cl_event event) const {
  auto marker = std::make_shared<const Marker>(event, Point{stream_->id, ticket_}, 0,
                                               stream_->timeline.clock());
  log_marker(*marker);
  return marker;
}

Submission::~Submission() {
  if (ticket_ != 0) publish();
  submitting = nullptr;
}

void Submission::publish() noexcept {
  stream_->timeline.publish(ticket_);
  if (declared_ == Declared::yes) [[likely]]
    return;
  const bool foreign = stream_->foreign.is_shared();
  UndeclaredWork::add(stream_->context.get(), {{stream_->id, ticket_}, foreign});
}

void check_replay(const Stream& stream, const TrackedUses& uses, const CommandName& name,
                  const RecordingProgress& replayed) {
  Dependencies dependencies;
  const MemoryLocks locks(uses);
  find_dependencies(*state_of(stream), uses, name, replayed.number(), dependencies);
}

void wait_for_point(StreamState& stream, Point point, bool foreign, const char* function) {
  wait_for(stream, {point, foreign, Hazard::wait, nullptr}, function);
}

void wait_for_event(StreamState& stream, const EventState& event, const char* function) {
  const bool foreign = event.producer == nullptr || event.producer->foreign.is_shared();
  wait_for(stream, {event.marker->covers, foreign, Hazard::wait, nullptr, &event.marker}, function);
}

}  // namespace dovetail::detail
