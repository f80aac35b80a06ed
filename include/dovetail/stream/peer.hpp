// SPDX-License-Identifier: Apache-2.0
// Peers: other frameworks that enqueue on a stream's queue by themselves.
#pragma once

#include <cstdint>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// The progress of a peer in its own units of work: recorded >= enqueued >= flushed.
struct PeerFrontiers {
  std::uint64_t recorded = 0;  ///< Users have asked for it; a lazy framework may hold it back.
  std::uint64_t enqueued = 0;  ///< It is on the queue.
  std::uint64_t flushed = 0;   ///< It is known to be flushed to the device.
};

/// A framework that enqueues on a queue which it shares with Dovetail.
///
/// An in-order queue orders only what is on it: work that a framework has recorded and not yet
/// enqueued would run after the work that Dovetail enqueues now. A peer attached to a stream
/// (`Stream::attach`) reports its progress, and Dovetail calls its `submit` where order needs it.
///
/// Any thread that enqueues on a stream may call these functions, also under that stream's lock:
/// they must be thread-safe, and must not enqueue on a Dovetail stream, which throws an Error.
class DOVETAIL_EXPORT Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  virtual ~Peer();

  /// Returns the name for messages, such as "torch".
  virtual std::string_view name() const noexcept = 0;
  virtual PeerFrontiers frontiers() const noexcept = 0;  ///< Returns the progress so far.
  /// Enqueues everything recorded so far: on return, `enqueued` has reached the earlier `recorded`.
  virtual void submit() = 0;
};

}  // namespace dovetail
