// SPDX-License-Identifier: Apache-2.0
#include "lib/core/fork_guard.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {

constinit std::atomic<bool> forked_child{false};

void throw_forked_process(std::string_view function) {
  throw ForkedProcess(fmt::format(
      "[{}] this process was forked from one that had used OpenCL, and drivers do not survive "
      "that; exec a new program in it (posix_spawn), or fork before the first use of OpenCL.",
      function));
}

void begin_opencl(std::string_view function) {
  check_not_forked(function);
  static const bool is_watching = [] {
    const int failure = ::pthread_atfork(
        nullptr, nullptr, [] { forked_child.store(true, std::memory_order_relaxed); });
    if (failure != 0) throw Error(fmt::format("pthread_atfork failed with error {}", failure));
    return true;
  }();
  static_cast<void>(is_watching);
}

}  // namespace dovetail::detail
