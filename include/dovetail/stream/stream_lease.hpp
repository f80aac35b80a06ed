// SPDX-License-Identifier: Apache-2.0
// The exclusive use of a pool's stream.
#pragma once

#include <memory>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {
class LeaseSet;
}

/// The right to a stream that the pool gives to nobody else until the lease is destroyed. Made by
/// `StreamPool::lease`, `try_lease` and `try_lease_for`.
///
/// Giving the stream back does not wait: its work runs on, and the next holder's work comes after
/// it. If a copy of the stream, or an event recorded on it, outlives the lease, the pool leaves the
/// stream to it and leases a fresh one instead. The pool does not see the native handle,
/// `Stream::get`: do not use it after the lease.
///
/// A lease may outlive its pool and keeps its stream alive. Movable. One thread at a time may use a
/// lease, any number its stream.
class DOVETAIL_EXPORT StreamLease {
 public:
  StreamLease(StreamLease&& other) noexcept;  ///< Takes the lease over.
  /// Gives the held stream back, if any, and takes the other lease over.
  StreamLease& operator=(StreamLease&& other) noexcept;
  ~StreamLease();
  StreamLease(const StreamLease&) = delete;
  StreamLease& operator=(const StreamLease&) = delete;

  /// Returns the leased stream. A copy of it is no longer exclusive after the lease.
  /// @throws InvalidArgument  the lease was moved from.
  const Stream& stream() const&;
  /// Deleted, since the lease of a temporary ends with the statement.
  const Stream& stream() const&& = delete;

  /// Gives access to the leased stream: `lease->synchronize()`.
  const Stream* operator->() const { return &stream(); }

 private:
  friend class StreamPool;
  StreamLease(std::shared_ptr<detail::LeaseSet> set, Stream stream) noexcept;
  void give_back() noexcept;

  std::shared_ptr<detail::LeaseSet> set_;  // empty once moved from
  Stream stream_;
};

}  // namespace dovetail
