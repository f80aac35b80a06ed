// SPDX-License-Identifier: Apache-2.0
// The queue of tensor operations, as an integer.
#pragma once

#include <cstdint>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::interop {

/// Returns the queue of the calling thread's tensor operations (`current_stream()`): a
/// cl_command_queue as an integer, as RuntimeOptions::external_queue takes it. Returns 0 if there
/// is no device, after an error, and in a child forked from a process that had used OpenCL.
///
/// Dovetail owns the queue. A thread's queue, from the default pool, lives until the process ends;
/// the queue of a StreamGuard lives as long as a handle to its stream, which a Runtime on it is. To
/// keep it longer, call clRetainCommandQueue.
///
/// Threads have different queues while there are enough: call this on the thread that runs the
/// operations. The queue of a thread that has ended becomes another thread's. Thread-safe.
DOVETAIL_EXPORT std::uintptr_t queue_handle() noexcept;

/// Returns the queue of a stream, which lives as the stream's `origin()` says; 0 after a move.
DOVETAIL_EXPORT std::uintptr_t queue_handle(const Stream& stream) noexcept;

}  // namespace dovetail::interop
