// SPDX-License-Identifier: Apache-2.0
// The scenarios of `dovetail handoff`, and the ways to join two layers' queues.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dovetail/stream/stream.hpp"

namespace dovetail::tool {

/// How two layers that work on the same data keep their order.
enum class Joint {
  shared,  ///< One in-order queue for both: the order is the queue's.
  event,   ///< A queue each; Dovetail has one wait for the other on the device where it must.
  finish,  ///< A queue each; at a boundary the host waits for the queue: the common habit.
};
inline constexpr std::array<std::string_view, 3> joint_names{"shared", "event", "finish"};
inline constexpr std::array<std::string_view, 2> scenario_names{"kernel_and_tensor",
                                                                "vendor_matmul"};

/// Two layers' streams, which are one if the layers share it.
class JoinedStreams {
 public:
  JoinedStreams(const Context& context, Joint joint)
      : joint_(joint),
        first_(context),
        second_(joint == Joint::shared ? first_ : Stream(context)) {}

  const Stream& first() const { return first_; }
  const Stream& second() const { return second_; }
  /// Ends one layer's turn. With `Joint::finish` the host waits.
  void hand_to_second() const { hand_over(first_); }
  void hand_to_first() const { hand_over(second_); }

  /// Returns how many dependencies the order of a queue, or an earlier wait, has met so far.
  std::uint64_t elided() const {
    return elided_on(first_) + (first_ == second_ ? 0 : elided_on(second_));
  }

 private:
  void hand_over(const Stream& from) const;
  static std::uint64_t elided_on(const Stream& stream) {
    const StreamStatistics counts = stream.statistics();
    return counts.elided() - counts.count(Verdict::completed);
  }

  Joint joint_;
  Stream first_, second_;
};

/// One program of two layers that take turns on the same data.
class Scenario {
 public:
  virtual ~Scenario() = default;
  /// Enqueues one turn of each layer, and the hand-overs between them.
  virtual void step(const JoinedStreams& streams) = 0;
  /// Returns whether the data is what `steps` steps from the start make of it. Synchronize first.
  virtual bool verify(const JoinedStreams& streams, unsigned steps) = 0;
};

/// Makes a scenario.
/// @param name  One of `scenario_names`.
std::unique_ptr<Scenario> make_scenario(std::string_view name, const Context& context);

}  // namespace dovetail::tool
