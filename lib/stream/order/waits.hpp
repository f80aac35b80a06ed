// SPDX-License-Identifier: Apache-2.0
// The waits that a piece of work needs.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <vector>

#include "lib/stream/order/dependency.hpp"
#include "lib/stream/order/order.hpp"
#include "lib/stream/order/order_log.hpp"

namespace dovetail::detail {

/// Finds for each dependency how it is met, and inserts one barrier for those that are not.
class Waits {
 public:
  /// @param stream  What waits; its `submit_mutex` is held.
  /// @param from  The first ticket that the waits are for.
  Waits(StreamState& stream, std::uint64_t from, const CommandName& name)
      : stream_(stream), from_(from), name_(name) {}

  /// @throws CommandError  what it depends on has failed.
  /// @throws Error         what it depends on is on a queue that nobody can wait for any more.
  void meet(const Dependency& dependency) {
    const bool is_own = dependency.producer.stream == stream_.id;
    const Verdict verdict = is_own ? Verdict::same_queue : verdict_on(dependency);
    stream_.counters.count(verdict);
    if (OrderLog::is_on()) log(dependency, verdict);
  }

  void insert() {
    if (!events_.empty()) insert_barrier();
  }

 private:
  Verdict verdict_on(Dependency dependency);
  Verdict verdict_on_event(const Dependency& dependency);
  Order order() const { return {stream_.id, *stream_.timeline.clock()}; }
  Verdict wait_for(const Timeline::Covering& covering, Verdict verdict);
  Verdict wait_for(const MarkerHandle& marker, Verdict verdict);
  Verdict add(const MarkerHandle& marker, Verdict verdict);
  /// Whether `marker` is complete.
  bool check_marker(const Marker& marker) const;
  void insert_barrier();
  /// Adds to the stream's clock what `barrier` has ordered.
  void learn(const MarkerHandle& barrier);
  void log(const Dependency& dependency, Verdict verdict) const;

  StreamState& stream_;
  std::uint64_t from_;
  CommandName name_;
  std::vector<MarkerHandle> markers_;
  std::vector<cl_event> events_;
};

}  // namespace dovetail::detail
