// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/current_stream.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "dovetail/stream/stream_pool.hpp"

namespace dovetail {
namespace {

thread_local const StreamGuard* innermost_guard = nullptr;

bool on_main_thread() { return ::syscall(SYS_gettid) == ::getpid(); }

const Stream& stream_of_thread() {
  thread_local const Stream stream = on_main_thread() ? StreamPool::default_pool().default_stream()
                                                      : StreamPool::default_pool().get();
  return stream;
}

}  // namespace

Stream current_stream() {
  return innermost_guard != nullptr ? innermost_guard->stream_ : stream_of_thread();
}

StreamGuard::StreamGuard(Stream stream) : stream_(std::move(stream)), outer_(innermost_guard) {
  innermost_guard = this;
}

StreamGuard::~StreamGuard() { innermost_guard = outer_; }

}  // namespace dovetail
