// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/current_stream.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include "dovetail/stream/stream_pool.hpp"
#include "lib/core/moved_from.hpp"

namespace dovetail {
namespace {

// Without destructors, so that they can be used while the thread's other objects are destroyed.
constinit thread_local const StreamGuard* innermost_guard = nullptr;
constinit thread_local const Stream* own_stream = nullptr;
constinit thread_local bool has_given_back = false;

bool on_main_thread() { return ::syscall(SYS_gettid) == ::getpid(); }

}  // namespace

namespace detail {

/// A thread's place in the default pool, which outlives every thread.
class ThreadAttachment {
 public:
  ThreadAttachment() : slot_(StreamPool::default_pool().attach()) {}
  ~ThreadAttachment() {
    StreamPool::default_pool().detach(slot_);
    own_stream = nullptr;
    has_given_back = true;
  }
  ThreadAttachment(const ThreadAttachment&) = delete;
  ThreadAttachment& operator=(const ThreadAttachment&) = delete;

  const Stream& stream() const { return StreamPool::default_pool().stream_at(slot_); }

 private:
  std::size_t slot_;
};

}  // namespace detail

namespace {

const Stream& stream_of_thread() {
  if (has_given_back || on_main_thread()) return StreamPool::default_pool().default_stream();
  thread_local const detail::ThreadAttachment attachment;
  return attachment.stream();
}

}  // namespace

Stream current_stream() {
  if (innermost_guard != nullptr) return innermost_guard->stream_;
  if (own_stream == nullptr) own_stream = &stream_of_thread();
  return *own_stream;
}

StreamGuard::StreamGuard(Stream stream) : stream_(std::move(stream)), outer_(innermost_guard) {
  detail::check_not_moved_from("StreamGuard", "stream", stream_);
  innermost_guard = this;
}

StreamGuard::~StreamGuard() { innermost_guard = outer_; }

}  // namespace dovetail
