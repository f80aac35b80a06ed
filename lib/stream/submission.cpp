// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submission.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/capture_session.hpp"
#include "lib/stream/order_log.hpp"
#include "lib/stream/stream_registry.hpp"
#include "lib/stream/undeclared_work.hpp"

namespace dovetail::detail {
namespace {

/// What new work has to come after.
struct Dependency {
  Point producer;
  bool foreign;
  Hazard hazard;
  const TrackedUse* use;                 // null when asked for by Stream::wait
  const MarkerHandle* marker = nullptr;  // an event to wait for, rather than one to be made
};

using Dependencies = SmallVector<Dependency, 8>;

// Read at every launch: the model saves the call that finds a library's variable.
[[gnu::tls_model("initial-exec")]] thread_local const StreamState* submitting = nullptr;

/// Refuses what would otherwise wait for ever for this thread's own lock.
class Entered {
 public:
  explicit Entered(const StreamState& stream) {
    if (submitting != nullptr) {
      throw Error(fmt::format(
          "[Stream] this thread is giving work to {} and gives work to {} meanwhile; neither "
          "Peer::submit nor a function that enqueues on a stream's queue may give work to a "
          "stream.",
          submitting->label(), stream.label()));
    }
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

/// One dependency for each stream: the latest.
void add(Dependencies& all, const Dependency& found) {
  for (Dependency& known : all) {
    if (known.producer.stream != found.producer.stream) continue;
    const bool foreign = known.foreign || found.foreign;
    if (known.producer.ticket < found.producer.ticket) known = found;
    known.foreign = foreign;
    return;
  }
  all.push_back(found);
}

/// Locks the memory of all uses for a scope, each once, in the order of addresses.
class MemoryLocks {
 public:
  explicit MemoryLocks(const TrackedUses& uses) {
    for (const TrackedUse& use : uses) memories_.push_back(use.memory);
    std::ranges::sort(memories_, std::less<>());
    const MemoryState* locked = nullptr;
    for (MemoryState*& memory : memories_) {
      if (memory == locked) {
        memory = nullptr;  // used twice
      } else {
        memory->lock();
        locked = memory;
      }
    }
  }
  ~MemoryLocks() {
    for (MemoryState* memory : memories_) {
      if (memory != nullptr) memory->unlock();
    }
  }
  MemoryLocks(const MemoryLocks&) = delete;
  MemoryLocks& operator=(const MemoryLocks&) = delete;

 private:
  SmallVector<MemoryState*, 12> memories_;
};

void throw_if_failed(const std::shared_ptr<const Failure>& why, Point producer,
                     const CommandName& name) {
  if (!why || producer.ticket <= why->after) return;
  Failure inherited = *why;
  inherited.what =
      fmt::format("{} depends on stream #{}: {}", name.str(), producer.stream, why->what);
  throw_command_error(inherited, "Stream");
}

void throw_if_lost(const StreamRemains& producer, const StreamState& stream,
                   const CommandName& name) {
  if (producer.last) return;
  throw Error(fmt::format(
      "[Stream] {} on {} depends on work that was given to stream #{}, a borrowed queue, and the "
      "last handle to that stream is gone, so nothing can be waited for; keep a handle, use "
      "Stream::retain, or synchronize() before it goes.",
      name.str(), stream.label(), producer.id));
}

/// Refuses work that depends on failed work, before anything is noted of it.
void check_sources(const StreamState& stream, const Dependencies& dependencies,
                   const CommandName& name) {
  for (const Dependency& dependency : dependencies) {
    const Producer producer = find_producer(dependency.producer.stream);
    if (producer.alive) {
      throw_if_failed(producer.alive->current_failure(), dependency.producer, name);
    }
    if (producer.remains) {
      throw_if_failed(producer.remains->failure, dependency.producer, name);
      throw_if_lost(*producer.remains, stream, name);
    }
  }
}

/// Finds for each dependency how it is met, and inserts one barrier for those that are not.
class Waits {
 public:
  Waits(StreamState& stream, std::uint64_t from, const CommandName& name)
      : stream_(stream), from_(from), name_(name) {}

  void meet(const Dependency& dependency) { note(dependency, verdict(dependency)); }

  void insert() {
    if (events_.empty()) return;
    cl_event barrier = nullptr;
    check(clEnqueueBarrierWithWaitList(stream_.queue, static_cast<cl_uint>(events_.size()),
                                       events_.data(), &barrier),
          "clEnqueueBarrierWithWaitList");
    learn(std::make_shared<const Marker>(barrier, Point{}, 0, nullptr));
    for (const MarkerHandle& marker : markers_) {
      // On PoCL 3.1 a barrier behind an event that had failed before it never ends: from here on
      // nobody may wait for this stream.
      if (const cl_int status = marker->status(); status < CL_COMPLETE) {
        stream_.fail(*marker, status, "clEnqueueBarrierWithWaitList");
        check_marker(*marker);
      }
    }
  }

 private:
  Verdict verdict(Dependency dependency) {
    if (dependency.producer.stream == stream_.id) return Verdict::same_queue;
    if (dependency.marker != nullptr) return verdict_on_event(dependency);
    if (was_any_stream_shared_late()) [[unlikely]] {
      const auto alive = find_producer(dependency.producer.stream).alive;
      dependency.foreign |= alive && alive->is_shared;
    }
    if (!dependency.foreign) {
      if (const auto known = known_order(dependency.producer, 0)) return *known;
    }
    const Producer producer = find_producer(dependency.producer.stream);
    if (producer.remains) {
      throw_if_lost(*producer.remains, stream_, name_);
      return wait_for(producer.remains->last,
                      dependency.foreign ? Verdict::foreign : Verdict::waited);
    }
    if (!producer.alive) return Verdict::completed;
    StreamState& from = *producer.alive;
    if (!dependency.foreign) {
      if (from.completed.load(std::memory_order_acquire) >= dependency.producer.ticket) {
        return Verdict::completed;
      }
      return wait_for(from.marker_covering(dependency.producer.ticket, 0), Verdict::waited);
    }
    const std::uint64_t epoch = from.foreign_epoch();
    if (const auto known = known_order(dependency.producer, epoch)) return *known;
    return wait_for(from.marker_covering(dependency.producer.ticket, epoch), Verdict::foreign);
  }

  Verdict verdict_on_event(const Dependency& dependency) {
    const MarkerHandle& marker = *dependency.marker;
    if (marker->covers.stream != 0) {
      if (const auto known = known_order(marker->covers, marker->epoch)) return *known;
    }
    return wait_for(marker, dependency.foreign ? Verdict::foreign : Verdict::waited);
  }

  std::optional<Verdict> known_order(Point producer, std::uint64_t epoch) const {
    const Clock::Entry* const entry = stream_.clock->find(producer.stream);
    if (entry == nullptr || entry->known < producer.ticket || entry->epoch < epoch) {
      return std::nullopt;
    }
    return entry->direct >= producer.ticket ? Verdict::already_ordered : Verdict::transitive;
  }

  Verdict wait_for(const StreamState::Covering& covering, Verdict verdict) {
    if (!covering.is_new) return wait_for(covering.marker, verdict);
    return add(covering.marker, verdict);  // not done yet, nearly always: not worth a question
  }

  Verdict wait_for(const MarkerHandle& marker, Verdict verdict) {
    if (check_marker(*marker)) {
      StreamState::note_completion(*marker);
      return Verdict::completed;
    }
    return add(marker, verdict);
  }

  Verdict add(const MarkerHandle& marker, Verdict verdict) {
    flush(*marker);
    markers_.push_back(marker);
    events_.push_back(marker->event);
    return verdict;
  }

  /// Whether `marker` is complete.
  bool check_marker(const Marker& marker) const {
    const cl_int status = marker.status();
    if (status >= CL_COMPLETE) return status == CL_COMPLETE;
    if (const auto producer = find_producer(marker.covers.stream).alive) {
      producer->fail(marker, status, "clGetEventInfo");
      throw_if_failed(producer->current_failure(), marker.covers, name_);
    }
    throw CommandError(status, "clGetEventInfo", std::source_location::current(),
                       fmt::format("{} depends on an event that failed", name_.str()));
  }

  /// Notes in the stream's clock what `barrier` has ordered.
  void learn(const MarkerHandle& barrier) {
    auto clock = std::make_shared<Clock>(*stream_.clock);
    for (const MarkerHandle& marker : markers_) {
      if (marker->covers.stream == 0) continue;
      clock->add(marker->covers, marker->epoch);
      clock->join(*marker->clock, stream_.id);
    }
    constexpr std::size_t many = 48;
    if (clock->entries().size() > many) {
      clock->drop_if([](const Clock::Entry& entry) {
        return progress_of({entry.stream, entry.known}, false) == Progress::done;
      });
    }
    const std::scoped_lock lock(stream_.order_mutex);
    stream_.clock = std::move(clock);
    auto& waits = stream_.inserted_waits;
    for (const MarkerHandle& marker : markers_) {
      waits.push_back({from_, marker, barrier});
      if (OrderLog::is_on()) OrderLog::add(WaitEntry{{stream_.id, from_}, marker->number});
    }
    // They end in this order, near enough: a look at the first two keeps the list short.
    for (int i = 0; i < 2 && !waits.empty() && waits.front().barrier->status() == CL_COMPLETE;
         ++i) {
      waits.erase(waits.begin());
    }
  }

  void note(const Dependency& dependency, Verdict verdict) {
    auto& count = stream_.counters.verdicts[static_cast<std::size_t>(verdict)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (!OrderLog::is_on()) return;
    DecisionEntry entry{.consumer = {stream_.id, from_},
                        .producer = dependency.producer,
                        .verdict = verdict,
                        .hazard = dependency.hazard,
                        .what = name_.str()};
    if (dependency.use != nullptr) {
      entry.use = {dependency.use->memory->id(), dependency.use->range.begin,
                   dependency.use->range.end, dependency.use->access};
    }
    OrderLog::add(std::move(entry));
  }

  StreamState& stream_;
  std::uint64_t from_;
  CommandName name_;
  std::vector<MarkerHandle> markers_;
  std::vector<cl_event> events_;
};

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

/// Finds what the work depends on and notes its own uses, both at one moment for all its memory.
void exchange_uses(StreamState& stream, std::uint64_t ticket, const TrackedUses& uses,
                   const CommandName& name, Declared declared, Dependencies& dependencies) {
  const MemoryLocks locks(uses);
  for (const TrackedUse& use : uses) {
    if (use.memory->awaits_submission(use.range, use.access)) [[unlikely]]
      throw_not_submitted(stream, use, name);
    const bool writes = use.access != Access::read;
    use.memory->conflicts(use.range, writes, [&](const MemoryState::LastUse& before) {
      add(dependencies,
          {{before.stream, before.ticket}, before.foreign, hazard_of(before, writes), &use});
    });
  }
  if (any_stream_is_in_trouble()) [[unlikely]]
    check_sources(stream, dependencies, name);
  const bool foreign = stream.is_shared.load(std::memory_order_relaxed);
  for (const TrackedUse& use : uses) {
    use.memory->add(use.range, {stream.id, ticket, use.access != Access::read, foreign});
  }
  if (OrderLog::is_on()) OrderLog::add(command_entry({stream.id, ticket}, name, uses, declared));
}

void wait_for(StreamState& stream, const Dependency& dependency, const char* function) {
  const CommandName name{"", function};
  check_not_forked(function);
  const Entered entered(stream);
  const std::scoped_lock lock(stream.submit_mutex);
  stream.check_usable(function);
  Waits waits(stream, stream.reserved + 1, name);
  waits.meet(dependency);
  waits.insert();
}

void follow(const StreamState& stream, const std::vector<LatestWork>& all,
            Dependencies& dependencies) {
  for (const LatestWork& work : all) {
    if (work.point.stream == stream.id) continue;
    add(dependencies, {work.point, work.foreign, Hazard::undeclared, nullptr});
  }
}

/// Whether the work was recorded instead, since the stream captures.
bool capture(const StreamState& stream, const CommandName& name, Recordable* work) {
  const auto session = stream.current_capture();
  if (!session) return false;
  if (work != nullptr) return session->add(stream, *work);
  throw CaptureError(fmt::format(
      "[Stream] {} captures, and {} cannot be recorded; give it to another stream, or before the "
      "capture begins or after its end.",
      stream.label(), name.str()));
}

}  // namespace

Submission::Submission(const Stream& stream, const TrackedUses& uses, const CommandName& name,
                       Recordable* work, Declared declared)
    : stream_(state_of(stream).get()), declared_(declared) {
  check_not_forked("Stream");
  Entered entered(*stream_);
  if (stream_->has_peers.load(std::memory_order_acquire)) stream_->foreign_epoch();
  order_ = std::unique_lock(stream_->submit_mutex);
  stream_->check_usable("Stream");
  if (stream_->is_capturing.load(std::memory_order_relaxed)) [[unlikely]] {
    if (capture(*stream_, name, work)) {
      entered.keep();
      return;
    }
  }
  insert_waits(uses, name);
  entered.keep();
}

void Submission::insert_waits(const TrackedUses& uses, const CommandName& name) {
  Dependencies dependencies;
  ticket_ = stream_->reserved + 1;
  const std::uint64_t undeclared = UndeclaredWork::version();
  if (undeclared != stream_->undeclared_version) [[unlikely]]
    follow(*stream_, UndeclaredWork::of(stream_->context.get()), dependencies);
  if (declared_ == Declared::no) {
    follow(*stream_, latest_work(stream_->context.get()), dependencies);
  }
  exchange_uses(*stream_, ticket_, uses, name, declared_, dependencies);
  stream_->reserved = ticket_;
  stream_->remember(ticket_, name);
  try {
    Waits waits(*stream_, ticket_, name);
    for (const Dependency& dependency : dependencies) waits.meet(dependency);
    waits.insert();
    stream_->undeclared_version = undeclared;  // in the stream's clock by now, or done
  } catch (const std::exception& error) {
    // Its uses are noted, but its order is not kept: nothing may build on it.
    const auto* failed = dynamic_cast<const OpenCLError*>(&error);
    stream_->fail({.code = failed != nullptr ? failed->code() : CL_OUT_OF_RESOURCES,
                   .call = failed != nullptr ? failed->call() : "Stream",
                   .what = error.what(),
                   .after = ticket_ - 1,
                   .where = std::source_location::current()});
    stream_->enqueued.store(ticket_, std::memory_order_release);
    throw;
  }
}

Submission::~Submission() {
  if (ticket_ != 0) publish();
  submitting = nullptr;
}

void Submission::publish() noexcept {
  stream_->enqueued.store(ticket_, std::memory_order_release);
  if (declared_ == Declared::yes) [[likely]]
    return;
  const bool foreign = stream_->is_shared.load(std::memory_order_relaxed);
  UndeclaredWork::add(stream_->context.get(), {{stream_->id, ticket_}, foreign});
}

void wait_for_point(StreamState& stream, Point point, bool foreign, const char* function) {
  wait_for(stream, {point, foreign, Hazard::wait, nullptr}, function);
}

void wait_for_event(StreamState& stream, const EventState& event, const char* function) {
  const bool foreign = event.producer == nullptr || event.producer->is_shared;
  wait_for(stream, {event.marker->covers, foreign, Hazard::wait, nullptr, &event.marker}, function);
}

}  // namespace dovetail::detail
