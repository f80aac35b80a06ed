// SPDX-License-Identifier: Apache-2.0
// Processes that fork after they have used OpenCL: what the child must not do.
#pragma once

#include <atomic>
#include <string_view>

#include "dovetail/core/export.hpp"

namespace dovetail::detail {

/// Set in the child; read it by `in_forked_child`.
DOVETAIL_EXPORT extern std::atomic<bool> forked_child;

/// Whether this process was forked from one that had used OpenCL. The driver's threads and its
/// connection to the device are the parent's alone, and a lock may be held by a thread that is not
/// there: no OpenCL call may be made, not even to release an object.
inline bool in_forked_child() noexcept { return forked_child.load(std::memory_order_relaxed); }

[[noreturn]] DOVETAIL_EXPORT void throw_forked_process(std::string_view function);

/// @param function  For the text, such as "Stream::synchronize".
/// @throws ForkedProcess  in such a child.
inline void check_not_forked(std::string_view function) {
  if (in_forked_child()) [[unlikely]] {
    throw_forked_process(function);
  }
}

/// `check_not_forked`, for functions through which a process comes to OpenCL: children that it
/// forks from now on are such children. Not those of vfork, posix_spawn or a bare clone.
/// Thread-safe.
DOVETAIL_EXPORT void begin_opencl(std::string_view function);

}  // namespace dovetail::detail
