// SPDX-License-Identifier: Apache-2.0
// The calling thread's current stream, and the guard that changes it for a scope.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// The stream that overloads without a stream argument use.
///
/// On the process's main thread it is the default pool's default stream, so that single-threaded
/// code behaves as if there were no pool. Every other thread is attached at its first call to the
/// pooled stream that the fewest live threads have, keeps it, and gives it back when it ends: up to
/// 31 live threads never share one, more share them evenly. What a thread calls after it has given
/// its stream back, from destructors of its thread_local objects, gets the default stream. A
/// StreamGuard overrides all of this, at any time.
DOVETAIL_EXPORT Stream current_stream();

/// Makes `stream` the calling thread's current stream until the end of the scope. Guards nest, and
/// each belongs to the thread that made it.
class DOVETAIL_EXPORT StreamGuard {
 public:
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
