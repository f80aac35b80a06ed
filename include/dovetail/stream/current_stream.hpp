// SPDX-License-Identifier: Apache-2.0
// The calling thread's current stream, and the guard that changes it for a scope.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// Returns the stream of overloads without a stream argument.
///
/// On the process's main thread this is the default stream of the default pool, so single-threaded
/// code behaves as without a pool. Any other thread attaches at its first call to the pooled stream
/// with the fewest live threads, and gives it back when it ends: up to 31 live threads have a
/// stream each, more share evenly. After that, destructors of the thread's thread_local objects get
/// the default stream. A StreamGuard overrides all of this at any time.
DOVETAIL_EXPORT Stream current_stream();

/// Makes `stream` the calling thread's current stream until the end of the scope. Guards nest; each
/// belongs to the thread that made it.
class DOVETAIL_EXPORT StreamGuard {
 public:
  /// Makes `stream` current.
  /// @throws InvalidArgument  `stream` was moved from.
  [[nodiscard]] explicit StreamGuard(Stream stream);
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

 private:
  Stream stream_;
  const StreamGuard* outer_;
  friend Stream current_stream();
};

}  // namespace dovetail
