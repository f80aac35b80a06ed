// SPDX-License-Identifier: Apache-2.0
// Peers: other frameworks that give work to a stream's queue by themselves.
#pragma once

#include <cstdint>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// How far a peer has got. Each is a count of its own units of work since it began, and
/// recorded >= enqueued >= flushed.
struct PeerFrontiers {
  std::uint64_t recorded = 0;  ///< Asked for by its users; a lazy framework may still hold it.
  std::uint64_t enqueued = 0;  ///< Put on the queue.
  std::uint64_t flushed = 0;   ///< Known to have been flushed to the device.
};

/// A framework that enqueues on a queue which it shares with Dovetail.
///
/// One in-order queue orders what is on it, and only that: work that a framework has recorded but
/// not enqueued yet would run after work that Dovetail enqueues now. A peer attached to a stream
/// (`Stream::attach`) tells how far it has got, and is told to submit where order needs it.
///
/// Both functions are called from any thread that gives work to a stream, at times under that
/// stream's lock: they must be thread-safe, and must not give work to a Dovetail stream themselves
/// (that throws an Error).
class DOVETAIL_EXPORT Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer();

  /// For messages, such as "torch".
  virtual std::string_view name() const noexcept = 0;
  virtual PeerFrontiers frontiers() const noexcept = 0;
  /// Enqueues everything recorded so far: on return `enqueued` has reached what `recorded` was.
  virtual void submit() = 0;
};

}  // namespace dovetail
