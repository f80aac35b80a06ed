// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/waits.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/core/source_location.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/order/stream_registry.hpp"

namespace dovetail::detail {

void Waits::insert_barrier() {
  cl_event barrier = nullptr;
  const auto enqueue = [&] {
    return clEnqueueBarrierWithWaitList(stream_.queue, static_cast<cl_uint>(events_.size()),
                                        events_.data(), &barrier);
  };
  cl_int refused = enqueue();
  // Without it the stream takes no more work, and what this work was to write is lost.
  if (refused != CL_SUCCESS) refused = enqueue();
  check(refused, "clEnqueueBarrierWithWaitList");
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

Verdict Waits::verdict_on(Dependency dependency) {
  if (dependency.marker != nullptr) return verdict_on_event(dependency);
  if (was_any_stream_shared_late()) [[unlikely]] {
    const auto alive = find_producer(dependency.producer.stream).alive;
    dependency.foreign |= alive && alive->foreign.is_shared();
  }
  if (!dependency.foreign) {
    if (const auto known = order().known(dependency.producer)) return *known;
  }
  const Verdict wait = Order::wait(dependency.foreign);
  const Producer producer = find_producer(dependency.producer.stream);
  if (producer.remains) {
    throw_if_failed(producer.remains->failure, dependency.producer, name_);
    throw_if_lost(*producer.remains, dependency.producer, stream_, name_);
    if (!producer.remains->last) return Verdict::completed;
    return wait_for(producer.remains->last, wait);
  }
  if (!producer.alive) return Verdict::completed;
  StreamState& from = *producer.alive;
  std::uint64_t epoch = 0;
  if (dependency.foreign) {
    epoch = from.foreign.epoch();
    if (const auto known = order().known(dependency.producer, epoch)) return *known;
  } else if (from.timeline.completed() >= dependency.producer.ticket) {
    return Verdict::completed;
  }
  return wait_for(from.marker_covering(dependency.producer.ticket, epoch), wait);
}

Verdict Waits::verdict_on_event(const Dependency& dependency) {
  const MarkerHandle& marker = *dependency.marker;
  if (marker->covers.stream != 0) {
    if (const auto known = order().known(marker->covers, marker->epoch)) return *known;
  }
  return wait_for(marker, Order::wait(dependency.foreign));
}

Verdict Waits::wait_for(const Timeline::Covering& covering, Verdict verdict) {
  if (!covering.is_new) return wait_for(covering.marker, verdict);
  return add(covering.marker, verdict);  // not done yet, nearly always: not worth a question
}

Verdict Waits::wait_for(const MarkerHandle& marker, Verdict verdict) {
  if (check_marker(*marker)) {
    note_completion(*marker);
    return Verdict::completed;
  }
  return add(marker, verdict);
}

Verdict Waits::add(const MarkerHandle& marker, Verdict verdict) {
  marker->flush();
  markers_.push_back(marker);
  events_.push_back(marker->event);
  return verdict;
}

bool Waits::check_marker(const Marker& marker) const {
  const cl_int status = marker.status();
  if (status >= CL_COMPLETE) return status == CL_COMPLETE;
  if (const auto producer = find_producer(marker.covers.stream).alive) {
    producer->fail(marker, status, "clGetEventInfo");
    throw_if_failed(producer->failure.current(), marker.covers, name_);
  }
  look_at_retired_streams();
  if (const auto gone = find_producer(marker.covers.stream).remains) {
    throw_if_failed(gone->failure, marker.covers, name_);
  }
  throw CommandError(status, "clGetEventInfo", SourceLocation::current(),
                     fmt::format("{} depends on an event that failed", name_.str()));
}

void Waits::learn(const MarkerHandle& barrier) {
  auto clock = std::make_shared<Clock>(*stream_.timeline.clock());
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
  stream_.timeline.learn(std::move(clock), markers_, barrier, from_);
}

void Waits::log(const Dependency& dependency, Verdict verdict) const {
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

}  // namespace dovetail::detail
