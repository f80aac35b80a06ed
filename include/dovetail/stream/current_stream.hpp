// SPDX-License-Identifier: Apache-2.0
// The calling thread's current stream, and the guard that changes it for a scope.
#pragma once

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// The stream that overloads without a stream argument use.
///
/// On the process's main thread it is the default pool's default stream, so that single-threaded
/// code behaves as if there were no pool; every other thread keeps the pooled stream that it gets,
/// round robin, at its first call. Streams are shared once there are more threads than pooled
/// streams. A StreamGuard overrides both.
DOVETAIL_EXPORT Stream current_stream();

/// Makes `stream` the calling thread's current stream until the end of the scope. Guards nest, and
/// each belongs to the thread that made it.
class DOVETAIL_EXPORT StreamGuard {
 public:
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
