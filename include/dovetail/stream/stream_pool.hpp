// SPDX-License-Identifier: Apache-2.0
// A fixed set of streams that threads share, and another that they lease.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/stream/stream_lease.hpp"
#include "dovetail/stream/stream_pool_statistics.hpp"

namespace dovetail {

namespace detail {
class ThreadAttachment;
}

/// The sizes of a pool.
struct StreamPoolOptions {
  std::size_t size = 31;  ///< Streams that `get()` returns, besides the default one; at least 1.
  /// Streams for exclusive leases, besides those: the most leases at once. 0: no leases.
  std::size_t leases = 31;
  StreamOptions stream = {};
};

/// One default stream and `size()` pooled ones on one context, and more for exclusive leases.
///
/// The pool makes a queue at its first use, since a driver may take hundreds of microseconds for
/// each. Thread-safe; `get` takes no lock once a queue exists. Streams and leases may outlive the
/// pool, but no call of its functions may be in progress when it is destroyed.
class DOVETAIL_EXPORT StreamPool {
 public:
  /// Makes a pool without a queue so far.
  /// @throws InvalidArgument  the size is 0.
  explicit StreamPool(const Context& context = Context::default_context(),
                      const StreamPoolOptions& options = {});
  ~StreamPool();
  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;

  /// Returns the next pooled stream, round robin: every `size()`-th call shares one.
  [[nodiscard]] Stream get();

  /// Returns the pooled stream at `index`.
  /// @throws InvalidArgument  `index` is not below `size()`.
  [[nodiscard]] Stream get(std::size_t index);

  /// Leases a stream that neither `get` nor another lease returns until the lease is destroyed.
  /// Blocks until one is free; callers are served in the order of their calls.
  ///
  /// Blocks for ever if the leases in use wait for this one, as those of the calling thread may:
  /// use `try_lease_for` then.
  /// @throws InvalidArgument  the pool was made with leases = 0.
  /// @throws OpenCLError      the driver cannot make the queue.
  [[nodiscard]] StreamLease lease();

  /// Leases a stream, or returns nothing if `lease` would block.
  /// @throws InvalidArgument  the pool was made with leases = 0.
  [[nodiscard]] std::optional<StreamLease> try_lease();

  /// Leases a stream, or returns nothing if none becomes free within `timeout`.
  /// @throws InvalidArgument  `timeout` is negative, or the pool was made with leases = 0.
  [[nodiscard]] std::optional<StreamLease> try_lease_for(std::chrono::nanoseconds timeout);

  /// Returns the default stream, in the default pool the main thread's; `get()` never does.
  const Stream& default_stream();

  /// Returns the number of pooled streams, without the default one and those for leases.
  std::size_t size() const noexcept;
  const Context& context() const noexcept;  ///< Returns the context.

  /// Returns who shares streams with whom, and the counts of leases. While other threads use the
  /// pool, each figure is right, but they need not be of one moment.
  StreamPoolStatistics statistics() const;

  /// Returns the process's pool on `Context::default_context()`, which nothing destroys.
  static StreamPool& default_pool();

 private:
  friend class detail::ThreadAttachment;
  const Stream& stream_at(std::size_t slot);
  void check_leases(const char* function) const;
  /// Attaches the calling thread to the slot that the fewest threads are attached to.
  std::size_t attach();
  void detach(std::size_t slot) noexcept;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dovetail
