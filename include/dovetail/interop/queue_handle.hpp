// SPDX-License-Identifier: Apache-2.0
// The tensor side's queue, for others.
#pragma once

#include <cstdint>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::interop {

/// The queue that tensor operations of the calling thread use (`current_stream()`): a
/// cl_command_queue as an integer, as RuntimeOptions::external_queue takes it; or 0 where there is
/// none: no device, an error, or a child forked from a process that had used OpenCL.
///
/// Dovetail owns the queue. That of a thread, from the default pool, lives until the process ends;
/// that of a StreamGuard, as long as a handle to its stream. A Runtime on it, borrowed or retained,
/// is such a handle; whoever else wants to keep it longer calls clRetainCommandQueue.
///
/// Threads have different queues, as far as there are enough: ask on the thread whose operations
/// are meant. The queue of a thread that has ended becomes another thread's. Thread-safe.
DOVETAIL_EXPORT std::uintptr_t queue_handle() noexcept;

/// The queue of a stream; it lives as the stream's `origin()` says. 0 if the stream was moved from.
DOVETAIL_EXPORT std::uintptr_t queue_handle(const Stream& stream) noexcept;

}  // namespace dovetail::interop
