// SPDX-License-Identifier: Apache-2.0
// What others enqueue on a stream's queue.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dovetail/stream/peer.hpp"

namespace dovetail::detail {

/// Returns whether others were let onto any stream's queue after it had been made without them: the
/// uses of memory noted until then do not tell of it.
bool was_any_stream_shared_late() noexcept;

/// Whether others enqueue on a stream's queue, and how far those that are its peers have got.
/// Thread-safe.
class ForeignWork {
 public:
  ForeignWork(std::uint64_t stream, bool is_shared) : stream_(stream), is_shared_(is_shared) {}

  /// Whether others may enqueue on the queue without telling.
  bool is_shared() const noexcept { return is_shared_.load(std::memory_order_relaxed); }
  /// Lets them from now on. Returns whether they might not before.
  bool share();

  /// @throws InvalidArgument  it is attached already.
  void attach(std::shared_ptr<Peer> peer);
  /// Has the peer enqueue what it holds back, so that this keeps its place, and detaches it.
  /// Returns what the peer threw.
  /// @throws InvalidArgument  it is not attached.
  std::exception_ptr detach(const Peer& peer);
  bool is_attached(const Peer& peer) const;
  std::vector<std::string> peer_names() const;
  /// Returns whether a peer has recorded work that is not on the queue.
  bool is_any_held_back() const;

  /// Has the peers enqueue what they hold back. Inline, as every launch asks.
  void submit_peers() {
    if (has_peers_.load(std::memory_order_acquire)) [[unlikely]]
      static_cast<void>(epoch());
  }
  /// Does so, and returns a number that grows when they have enqueued more; without peers it grows
  /// with each call, as anything may have been enqueued.
  /// @throws Error  a peer does not enqueue what it has recorded.
  std::uint64_t epoch();

 private:
  void submit(Peer& peer) const;
  std::vector<std::shared_ptr<Peer>> peers() const;

  const std::uint64_t stream_;
  std::atomic<bool> is_shared_;
  std::atomic<bool> has_peers_{false};

  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::shared_ptr<Peer>> peers_;
  std::uint64_t frontier_ = 0;  // what they had enqueued when `epoch_` was taken
  std::uint64_t epoch_ = 0;     // 0 when they have changed since
};

}  // namespace dovetail::detail
