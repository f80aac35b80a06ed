// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/stream_registry.hpp"

#include "dovetail/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "lib/stream/order/order_log.hpp"
#include "lib/stream/submit/exit_drain.hpp"

namespace dovetail::detail {
namespace {

std::atomic<std::uint64_t> next_id{1};

struct Alive {
  std::weak_ptr<StreamState> handle;
  const StreamState* state;  // readable while this entry exists
};

/// Whether work of a stream of `context` that is gone may run still. A failed one has none.
bool may_run(const StreamRemains& remains, cl_context context) {
  return remains.context == context && !remains.failure;
}

Failure failure_of(const StreamRemains& remains, cl_int status) {
  return {.code = status,
          .call = "clGetEventInfo",
          .what = fmt::format("a command on the stream failed: {}, {}", remains.label(),
                              remains.describe_commands()),
          .after = remains.completed,
          .where = SourceLocation::current()};
}

/// Nothing for a stream without work that is not known to be done. What others put on a queue that
/// they share is never known to be, even where Dovetail itself has not used it yet.
std::optional<LatestWork> latest_work(const StreamState& stream) {
  const Point last{stream.id, stream.timeline.enqueued()};
  const bool foreign = stream.foreign.is_shared();
  const bool is_done = stream.timeline.completed() >= last.ticket;
  if (is_done && !foreign) return std::nullopt;
  return LatestWork{last, foreign};
}

struct Retired {
  cl_command_queue queue;
  StreamRemains remains;
};

/// Whether work that depends on it must be refused.
bool is_troubled(const StreamRemains& remains) { return remains.failure || !remains.lost.empty(); }

struct Registry {
  std::mutex mutex;
  std::unordered_map<std::uint64_t, Alive> alive;
  std::unordered_map<std::uint64_t, Retired> retired;
  std::unordered_map<cl_command_queue, std::uint64_t> by_queue;  // both alive and retired

  /// Its work is done, or goes on under the same id.
  void erase_retired(std::unordered_map<std::uint64_t, Retired>::iterator place) {
    if (OrderLog::is_on() && !alive.contains(place->first)) {
      OrderLog::add(CompletionEntry{{place->first, place->second.remains.enqueued}});
    }
    forget_queue(place->second.queue, place->first);
    if (is_troubled(place->second.remains)) count_trouble(-1);
    retired.erase(place);
  }

  /// The queue of a stream that is gone may be gone as well, and its handle belong to another.
  void forget_queue(cl_command_queue queue, std::uint64_t stream) {
    const auto place = by_queue.find(queue);
    if (place != by_queue.end() && place->second == stream) by_queue.erase(place);
  }

  /// Looks how the work of the streams that are gone has ended.
  void look_at_retired() {
    for (auto place = retired.begin(); place != retired.end();) {
      const auto here = place++;
      StreamRemains& remains = here->second.remains;
      if (!remains.last) continue;
      const cl_int status = remains.last->status_if_known();
      if (!is_over(status)) continue;
      if (status == CL_COMPLETE && !remains.failure) {
        erase_retired(here);
        continue;
      }
      // What failed work should have written stays wrong for good; the rest need not stay.
      if (!remains.failure) {
        remains.failure = std::make_shared<const Failure>(failure_of(remains, status));
        count_trouble(1);
      }
      remains.last.reset();
      forget_queue(here->second.queue, here->first);
    }
  }
};

Registry& registry() {
  static Registry* const instance = new Registry;  // outlives streams in static storage
  return *instance;
}

}  // namespace

std::uint64_t next_stream_id() { return next_id.fetch_add(1, std::memory_order_relaxed); }

bool was_stream_id(std::uint64_t id) {
  return id != 0 && id < next_id.load(std::memory_order_relaxed);
}

std::shared_ptr<StreamState> find_or_add_stream(
    cl_command_queue queue, cl_context context,
    const std::function<std::shared_ptr<StreamState>(const StreamRemains& before)>& make) {
  drain_at_exit();
  Registry& all = registry();
  for (;; std::this_thread::yield()) {
    const std::scoped_lock lock(all.mutex);
    all.look_at_retired();
    StreamRemains before;
    if (const auto place = all.by_queue.find(queue); place != all.by_queue.end()) {
      if (const auto alive = all.alive.find(place->second); alive != all.alive.end()) {
        if (auto state = alive->second.handle.lock()) return state;
        continue;  // its destructor is running, and retires it soon
      }
      const auto retired = all.retired.find(place->second);
      if (retired->second.remains.context == context) before = retired->second.remains;
    }
    auto state = make(before);
    if (state->failure.is_set()) count_trouble(1);
    all.alive[state->id] = {state, state.get()};
    // A handle is used again only after the queue before it, and with it all its work, is done.
    if (const auto place = all.by_queue.find(queue); place != all.by_queue.end()) {
      const auto retired = all.retired.find(place->second);
      if (state->id == retired->first || !retired->second.remains.failure) {
        all.erase_retired(retired);
      }
    }
    all.by_queue[queue] = state->id;
    return state;
  }
}

Producer find_producer(std::uint64_t stream) {
  Registry& all = registry();
  for (;; std::this_thread::yield()) {
    const std::scoped_lock lock(all.mutex);
    if (const auto alive = all.alive.find(stream); alive != all.alive.end()) {
      if (auto state = alive->second.handle.lock()) return {std::move(state), std::nullopt};
      continue;
    }
    const auto retired = all.retired.find(stream);
    if (retired == all.retired.end()) return {};
    return {nullptr, retired->second.remains};
  }
}

void retire_stream(const StreamState& stream, std::optional<StreamRemains> remains) {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  if (stream.failure.is_set()) count_trouble(-1);
  all.alive.erase(stream.id);
  if (remains) {
    if (is_troubled(*remains)) count_trouble(1);
    all.retired[stream.id] = {stream.queue, std::move(*remains)};
  } else {
    all.forget_queue(stream.queue, stream.id);
  }
  all.look_at_retired();
}

Progress progress_of(Point point, bool foreign) {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  const auto alive = all.alive.find(point.stream);
  if (alive == all.alive.end()) {
    return all.retired.contains(point.stream) ? Progress::doubtful : Progress::done;
  }
  const StreamState& stream = *alive->second.state;
  if (stream.failure.is_set()) return Progress::doubtful;
  const bool is_done = stream.timeline.completed() >= point.ticket;
  return is_done && !foreign ? Progress::done : Progress::under_way;
}

void look_at_retired_streams() {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  all.look_at_retired();
}

bool is_gone_after_failure(std::uint64_t stream) {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  const auto place = all.retired.find(stream);
  if (place == all.retired.end() || !place->second.remains.failure) return false;
  all.look_at_retired();  // which keeps it
  return place->second.remains.is_over();
}

void throw_not_given(const std::string& label, std::uint64_t given, Point point) {
  throw InvalidArgument(
      fmt::format("[Stream::declare_done] {} has been given work up to {}, and not {}; give its "
                  "point().",
                  label, given, point.ticket));
}

bool declare_retired_done(Point point) {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  const auto place = all.retired.find(point.stream);
  if (place == all.retired.end()) return false;
  StreamRemains& remains = place->second.remains;
  if (point.ticket > remains.enqueued) throw_not_given(remains.label(), remains.enqueued, point);
  remains.completed = std::max(remains.completed, point.ticket);
  if (remains.completed == remains.enqueued) {
    if (remains.failure) {
      remains.lost.clear();  // the failure stays, for those who read what the work wrote
    } else {
      all.erase_retired(place);
    }
  }
  return true;
}

std::vector<std::shared_ptr<StreamState>> streams_alive() {
  std::vector<std::shared_ptr<StreamState>> streams;
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  streams.reserve(all.alive.size());
  for (const auto& [id, alive] : all.alive) {
    if (auto state = alive.handle.lock()) streams.push_back(std::move(state));
  }
  return streams;
}

std::vector<LatestWork> latest_work(cl_context context) {
  std::vector<LatestWork> found;
  std::vector<std::uint64_t> ids;
  {
    Registry& all = registry();
    const std::scoped_lock lock(all.mutex);
    for (const auto& [id, alive] : all.alive) ids.push_back(id);
    for (const auto& [id, retired] : all.retired) {
      if (may_run(retired.remains, context))
        found.push_back({{id, retired.remains.enqueued}, false});
    }
  }
  for (const std::uint64_t id : ids) {  // one whose destructor runs is among the retired after it
    const Producer producer = find_producer(id);
    if (producer.alive && producer.alive->context.get() == context) {
      if (const auto last = latest_work(*producer.alive)) found.push_back(*last);
    } else if (producer.remains && may_run(*producer.remains, context)) {
      found.push_back({{id, producer.remains->enqueued}, false});
    }
  }
  return found;
}

std::vector<StreamRemains> retired_streams() {
  std::vector<StreamRemains> all_remains;
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  all_remains.reserve(all.retired.size());
  for (const auto& [id, retired] : all.retired) all_remains.push_back(retired.remains);
  return all_remains;
}

}  // namespace dovetail::detail
