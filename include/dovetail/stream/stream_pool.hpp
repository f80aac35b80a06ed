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

struct StreamPoolOptions {
  /// Streams handed out by `get()`, beside the default one; at least 1.
  std::size_t size = 31;
  /// Streams for exclusive leases, beside those; as many can be out at once. With 0 the pool gives
  /// no leases.
  std::size_t leases = 31;
  StreamOptions stream = {};
};

/// One default stream and `size()` pooled ones, on one context, and more for exclusive leases.
///
/// Queues are made at first use, since a driver may take hundreds of microseconds for each.
/// Thread-safe; `get` takes no lock once a queue exists. Streams and leases may outlive the pool,
/// but it must not be destroyed while a call of its functions is under way.
class DOVETAIL_EXPORT StreamPool {
 public:
  /// @throws InvalidArgument  size 0.
  explicit StreamPool(const Context& context = Context::default_context(),
                      const StreamPoolOptions& options = {});
  ~StreamPool();
  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;

  /// The next pooled stream, round robin. It is shared: after `size()` calls the same streams come
  /// round again.
  [[nodiscard]] Stream get();

  /// The pooled stream at `index`.
  /// @throws InvalidArgument  `index` is not below `size()`.
  [[nodiscard]] Stream get(std::size_t index);

  /// A stream that is nobody else's until the lease is destroyed: neither `get` nor another lease
  /// gives it. Blocks until one is free; callers are served in the order in which they came.
  ///
  /// Blocks for ever if the leases that are out wait for this one, such as those of the same
  /// thread: `try_lease_for` does not.
  /// @throws InvalidArgument  the pool was made with leases = 0.
  /// @throws OpenCLError      a queue was to be made and the driver refuses.
  [[nodiscard]] StreamLease lease();

  /// The same, or nothing where `lease` would block.
  [[nodiscard]] std::optional<StreamLease> try_lease();

  /// The same, or nothing if no stream comes free within `timeout`.
  /// @throws InvalidArgument  `timeout` is negative, or the pool was made with leases = 0.
  [[nodiscard]] std::optional<StreamLease> try_lease_for(std::chrono::nanoseconds timeout);

  /// The stream that is not handed out by `get()`; the main thread's current one in the default
  /// pool.
  const Stream& default_stream();

  /// Number of pooled streams; the default one and those for leases are not counted.
  std::size_t size() const noexcept;
  const Context& context() const noexcept;

  /// Who shares streams with whom, and how leases fare. While other threads use the pool each
  /// figure is right by itself, but they need not be of one moment.
  StreamPoolStatistics statistics() const;

  /// The process's pool on `Context::default_context()`, made at first use and never destroyed.
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
