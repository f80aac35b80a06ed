// SPDX-License-Identifier: Apache-2.0
// A fixed set of streams that threads share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

struct StreamPoolOptions {
  /// Streams handed out by `get()`, beside the default one; at least 1.
  std::size_t size = 31;
  StreamOptions stream = {};
};

/// One default stream and `size()` pooled ones, on one context.
///
/// Queues are made at first use, since a driver may take hundreds of microseconds for each.
/// Thread-safe; acquiring takes no lock once a queue exists.
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

  /// The stream that is not handed out by `get()`; the main thread's current one in the default
  /// pool.
  const Stream& default_stream();

  /// Number of pooled streams; the default one is not counted.
  std::size_t size() const noexcept { return size_; }
  const Context& context() const noexcept { return context_; }

  /// The process's pool on `Context::default_context()`, made at first use and never destroyed.
  static StreamPool& default_pool();

 private:
  struct Slot;
  const Stream& stream_at(std::size_t slot);

  Context context_;
  StreamOptions stream_options_;
  std::size_t size_;
  std::unique_ptr<Slot[]> slots_;  // slot 0 is the default stream
  std::atomic<std::size_t> next_{0};
};

}  // namespace dovetail
