// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/exit_drain.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/order/stream_registry.hpp"
#include "lib/stream/order/stream_state.hpp"

namespace dovetail::detail {
namespace {

constexpr auto limit = std::chrono::seconds(2);

/// Nothing where the driver refuses, which is told: the others are waited for all the same.
MarkerHandle marker_behind_all(const StreamState& stream) try {
  auto marker = std::make_shared<const Marker>(enqueue_marker(stream.queue), Point{}, 0, nullptr);
  check(clFlush(stream.queue), "clFlush");
  return marker;
} catch (const std::exception& error) {
  std::fprintf(stderr, "dovetail: at the process's end: %s: %s\n", stream.label().c_str(),
               error.what());
  return nullptr;
}

void drain() noexcept {
  static bool has_given_up = false;
  if (has_given_up || in_forked_child()) return;
  try {
    std::vector<MarkerHandle> markers;
    for (const StreamRemains& stream : retired_streams()) {
      if (stream.last) markers.push_back(stream.last);
    }
    for (const auto& stream : streams_alive()) {
      if (stream->origin == StreamOrigin::borrowed) continue;
      if (auto marker = marker_behind_all(*stream)) markers.push_back(std::move(marker));
    }
    const Deadline deadline = std::chrono::steady_clock::now() + limit;
    if (!std::ranges::all_of(markers, [&](const auto& m) { return m->wait(deadline); })) {
      has_given_up = true;
      std::fprintf(stderr, "dovetail: the process ends with work that is not done. Streams:\n%s",
                   dump_streams().c_str());
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dovetail: at the process's end: %s\n", error.what());
  }
}

/// What lives as long as the thread that ends the process.
struct MainThread {
  ~MainThread() {
    if (::syscall(SYS_gettid) == ::getpid()) drain();
  }
};

}  // namespace

void drain_at_exit() {
  // The objects of a thread go before those in static storage, and so before what a compiler in the
  // driver has put there since. That does for the main thread; the handler, for others that exit.
  thread_local const MainThread this_thread;
  static_cast<void>(this_thread);
  static const int registered = std::atexit(drain);
  static_cast<void>(registered);
}

}  // namespace dovetail::detail
