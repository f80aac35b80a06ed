// SPDX-License-Identifier: Apache-2.0
// What stands behind the handles Stream and Event.
#pragma once

#include <CL/cl.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/context.hpp"
#include "dovetail/core/source_location.hpp"
#include "dovetail/stream/explain.hpp"
#include "dovetail/stream/peer.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/stream/stream_statistics.hpp"
#include "lib/stream/order/clock.hpp"
#include "lib/stream/submit/marker.hpp"
#include "lib/stream/submit/timing_queue.hpp"

namespace dovetail::detail {

class CaptureSession;

/// Who gave a piece of work, for people: {"kernel", "scale"}; the first may be empty. Both are kept
/// by pointer: literals, or `permanent` copies.
struct CommandName {
  const char* kind;
  const char* name;
  std::string str() const;
};

/// A copy that is never freed, made once for each text.
const char* permanent(std::string_view text);

/// Why a stream takes no more work.
struct Failure {
  cl_int code;
  std::string call;
  std::string what;
  std::uint64_t after;  ///< Work up to this ticket is not concerned.
  SourceLocation where;
};

/// A piece of work for messages.
struct NamedWork {
  std::uint64_t ticket;
  CommandName name;
};

/// What lives on when a stream's last handle goes while its work may still run, or has failed.
struct StreamRemains {
  std::uint64_t id = 0;
  cl_context context = nullptr;
  std::uint64_t enqueued = 0;
  std::uint64_t completed = 0;  ///< Work up to here is done.
  ClockSnapshot clock;
  MarkerHandle last;  ///< Behind all its work; empty once that is over, and where it is lost.
  std::shared_ptr<const Failure> failure;
  std::string lost;               ///< Why nobody can wait for its work; empty where that is not so.
  std::vector<NamedWork> recent;  ///< The last pieces of the work after `completed`.

  std::string label() const;
  /// The work that is not known to be done, as far as it is remembered.
  std::string describe_commands() const;
  /// Whether nothing of its work runs any more.
  bool is_over() const noexcept { return !last && lost.empty(); }
};

/// One per queue; found again through a registry when the same queue is adopted twice.
///
/// Locks, in the order in which a thread may take them: `submit_mutex` (of one stream only), then
/// a CaptureSession's, then the locks of MemoryStates, then any one `order_mutex`. A thread that
/// waits for another stream's work to be enqueued holds its own `submit_mutex`, and waits only for
/// work whose uses were noted before those of its own; so such waits form no cycle. See
/// docs/design/0008-ordering-core.md.
struct StreamState : std::enable_shared_from_this<StreamState> {
  StreamState(Context context, cl_command_queue queue, StreamOrigin origin, bool profiling,
              bool shared, const StreamRemains* before = nullptr);
  ~StreamState();
  StreamState(const StreamState&) = delete;
  StreamState& operator=(const StreamState&) = delete;

  const Context context;
  const cl_command_queue queue;
  std::atomic<StreamOrigin> origin;
  const bool profiling;
  const std::uint64_t id;

  /// Whether others may enqueue on the queue without telling.
  std::atomic<bool> is_shared;

  // Held while work is enqueued: the order of tickets is the order of the queue.
  std::mutex submit_mutex;
  std::uint64_t reserved = 0;               // by submit_mutex
  std::uint64_t undeclared_version = 0;     // by submit_mutex: what this stream has followed
  std::atomic<std::uint64_t> enqueued{0};   // every ticket up to here is on the queue
  std::atomic<std::uint64_t> completed{0};  // every ticket up to here is known to be done

  // Guards what follows. The holder of submit_mutex alone writes `clock`, and may read it without.
  mutable std::mutex order_mutex;
  ClockSnapshot clock;
  MarkerHandle marker;  // the latest that somebody had to wait for
  struct InsertedWait {
    std::uint64_t from;  // our work from this ticket on comes after the marker
    MarkerHandle marker;
    MarkerHandle barrier;  // our own; kept, since PoCL 3.1 aborts when one fails that nobody keeps
  };
  std::vector<InsertedWait> inserted_waits;  // those not known to be over
  std::shared_ptr<const Failure> failure;
  std::vector<std::shared_ptr<Peer>> peers;
  std::uint64_t peers_frontier = 0;  // what they had enqueued when `peers_epoch` was taken
  std::uint64_t peers_epoch = 0;     // 0 when they have changed since

  std::shared_ptr<CaptureSession> capture;

  std::atomic<bool> has_failed{false};
  std::atomic<bool> has_peers{false};
  std::atomic<bool> is_capturing{false};  // written under submit_mutex

  // The last pieces of work, for messages; written under submit_mutex, read without.
  struct RecentCommand {
    std::atomic<std::uint64_t> ticket{0};  // 0 while it is written
    std::atomic<const char*> kind{nullptr}, name{nullptr};
  };
  std::array<RecentCommand, 32> recent;

  struct Counters {
    std::array<std::atomic<std::uint64_t>, verdict_count> verdicts{};
    std::atomic<std::uint64_t> markers{0}, host_waits{0};
  } counters;

  // synchronize(): one thread waits for all who asked before it began.
  std::mutex synchronize_mutex;
  std::condition_variable synchronized;
  std::uint64_t asked = 0, served = 0;
  bool has_leader = false;

  TimingQueue timing;

  /// Has a peer enqueue what it holds back.
  /// @throws Error  it does not.
  void have_submit(Peer& peer) const;

  /// Has all peers do that, and returns a number that grows when they have enqueued
  /// more; without peers it grows with each call, as anything may have been enqueued.
  std::uint64_t foreign_epoch();

  /// From now on others may enqueue on the queue. Returns whether they might not before.
  bool share();

  /// A marker behind at least ticket `ticket` and, where others enqueue, behind `epoch`; a new one
  /// only if the latest does not do. It is flushed.
  struct Covering {
    MarkerHandle marker;
    bool is_new;
  };
  Covering marker_covering(std::uint64_t ticket, std::uint64_t epoch);

  /// A new marker behind everything on the queue now, whoever put it there; not flushed.
  MarkerHandle new_marker();

  /// The host has learnt that `reached` is complete.
  static void note_completion(const Marker& reached);
  void note_completion(std::uint64_t ticket);

  /// A marker that stands for work of this stream has failed: the stream takes no more work.
  void fail(const Marker& failed, cl_int status, std::string_view call);
  /// The stream takes no more work for this reason; the first reason stays.
  void fail(Failure why);
  /// Blocks until everything on the queue now is done.
  void synchronize(const Deadline& deadline, std::string_view function);

  std::shared_ptr<const Failure> current_failure() const;
  /// @throws CommandError  after a failure.
  void check_usable(std::string_view function) const;
  /// Takes work again; all earlier work counts as done.
  /// @param done  Work up to here is done, the one that failed included.
  void reset(std::uint64_t done);

  /// From now on work goes to `session`; false if another one has it. `submit_mutex` is held.
  bool begin_capture(const std::shared_ptr<CaptureSession>& session);
  void end_capture() noexcept;
  std::shared_ptr<CaptureSession> current_capture() const;
  /// @throws CaptureError  the stream captures.
  void check_not_capturing(std::string_view function) const;

  void remember(std::uint64_t ticket, const CommandName& name) noexcept;

  /// What OrderRecorder tells of the stream.
  StreamEntry entry() const;

  /// "stream #3".
  std::string label() const;
  /// The work with a ticket in (after, until], as far as it is remembered.
  std::string describe_commands(std::uint64_t after, std::uint64_t until) const;

 private:
  /// In the order of their tickets.
  std::vector<NamedWork> recent_commands(std::uint64_t after, std::uint64_t until) const;
  /// What remains of it once its last handle is gone; nothing where all is done and well.
  std::optional<StreamRemains> remains() noexcept;
  /// Makes `last` of a queue that Dovetail still holds, or waits until the work is done.
  void mark_end(StreamRemains& remains) noexcept;
};

/// Tells OrderRecorder, if there is one, of a stream that is new or has changed.
void log_stream(const StreamState& stream);

/// Takes note of how `marker` ended.
/// @throws CommandError  it failed.
void take_note(const Marker& marker, StreamState* producer, cl_int status,
               std::string_view function);

/// Waits for `marker` on the host, and takes note of the outcome.
/// @param producer  The marker's stream; null for somebody else's event.
/// @throws CommandError  it failed.
/// @throws TimedOut      `deadline` passed first.
void synchronize_with(const MarkerHandle& marker, StreamState* producer, const Deadline& deadline,
                      std::string_view function);

struct EventState {
  MarkerHandle marker;
  std::shared_ptr<StreamState> producer;  // empty for a foreign event
};

[[noreturn]] void throw_command_error(const Failure& why, std::string_view function);
/// With a dump of all streams. `waiting` may be null.
[[noreturn]] void throw_timed_out(std::string_view function, const StreamState* waiting);

/// Whether any stream has failed and not been reset, or is gone and cannot be waited for. While
/// none is, which is nearly always, new work need not look at each stream that it depends on.
bool any_stream_is_in_trouble() noexcept;
/// Counts such streams.
void count_trouble(int change) noexcept;

/// Whether others were let onto any stream's queue after it had been made without them: the uses of
/// memory noted until then do not tell of it.
bool was_any_stream_shared_late() noexcept;

}  // namespace dovetail::detail
