// SPDX-License-Identifier: Apache-2.0
#include "dovetail/interop/queue_handle.hpp"

#include <exception>

#include "dovetail/stream/current_stream.hpp"
#include "lib/core/fork_guard.hpp"

namespace dovetail::interop {

std::uintptr_t queue_handle() noexcept {
  if (detail::in_forked_child()) return 0;  // before the pool's locks, which may be held for good
  try {
    return queue_handle(current_stream());
  } catch (const std::exception&) {
    return 0;
  }
}

std::uintptr_t queue_handle(const Stream& stream) noexcept {
  return detail::in_forked_child() ? 0 : reinterpret_cast<std::uintptr_t>(stream.get());
}

}  // namespace dovetail::interop
