// SPDX-License-Identifier: Apache-2.0
// A stream that one holder has to itself for a while.
#pragma once

#include <memory>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {
class LeaseSet;
}

/// The right to a stream that nobody else gets from the pool, until the lease is destroyed.
///
/// Made by `StreamPool::lease` and its kin. Giving back does not wait for the stream's work: that
/// runs on, and the next holder's comes behind it. If a copy of the stream, or an event recorded on
/// it, outlives the lease, the stream is left to it and the pool leases a fresh one instead. What
/// the pool cannot see is the native handle, `Stream::get`: it is not to be used after the lease.
///
/// A lease may outlive its pool, and then keeps its stream alive. Movable; a lease itself is for
/// one thread at a time, its stream for any number.
class DOVETAIL_EXPORT StreamLease {
 public:
  StreamLease(StreamLease&& other) noexcept;
  /// Gives back what is held, if anything, and takes over the other's.
  StreamLease& operator=(StreamLease&& other) noexcept;
  ~StreamLease();
  StreamLease(const StreamLease&) = delete;
  StreamLease& operator=(const StreamLease&) = delete;

  /// The leased stream. A copy is not covered by the lease once that has ended.
  /// @throws InvalidArgument  the lease has been moved from.
  const Stream& stream() const&;
  /// Not of a temporary: its lease ends with the statement.
  const Stream& stream() const&& = delete;

  /// `lease->synchronize()` is `lease.stream().synchronize()`.
  const Stream* operator->() const { return &stream(); }

 private:
  friend class StreamPool;
  StreamLease(std::shared_ptr<detail::LeaseSet> set, Stream stream) noexcept;
  void give_back() noexcept;

  std::shared_ptr<detail::LeaseSet> set_;  // empty once moved from
  Stream stream_;
};

}  // namespace dovetail
