// SPDX-License-Identifier: Apache-2.0
// Raw OpenCL and other libraries in the order of a stream.
#pragma once

#include <CL/cl.h>

#include <concepts>
#include <memory>
#include <span>

#include "dovetail/core/export.hpp"
#include "dovetail/stream/memory_use.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

namespace detail {
/// @param uses  Null: any memory of the context.
DOVETAIL_EXPORT void with_queue(const Stream& stream, const std::span<const MemoryUse>* uses,
                                const char* name, void (*enqueue)(void*, cl_command_queue),
                                void* argument);

template <typename Enqueue>
void with_queue(const Stream& stream, const std::span<const MemoryUse>* uses, const char* name,
                Enqueue& enqueue) {
  const auto call = [](void* argument, cl_command_queue queue) {
    (*static_cast<Enqueue*>(argument))(queue);
  };
  with_queue(stream, uses, name, call,
             const_cast<void*>(static_cast<const void*>(std::addressof(enqueue))));
}
}  // namespace detail

/// Calls `enqueue(queue)`, which may enqueue anything on the stream's queue, as one piece of work:
/// the waits that it needs come before it, no other thread's work comes in between, and later work
/// on any stream comes after it if they use the same memory.
///
///     with_queue(stream, {{reads(a), writes(b)}}, "my copy", [&](cl_command_queue queue) {
///       clEnqueueCopyBuffer(queue, a.lend(), b.lend(), 0, 0, a.nbytes(), 0, nullptr, nullptr);
///     });
///
/// @param uses     All memory that the work touches. Other memory is ordered on this stream only.
/// @param name     For messages and OrderRecorder; a literal, kept by pointer.
/// @param enqueue  Must not keep the queue, nor enqueue on a stream, capture, or replay or change a
///                 recording, which throw an Error. May throw.
/// @throws InvalidArgument  memory of another context, or a range outside its buffer.
/// @throws CommandError     the stream, or work that this depends on, has failed.
/// Thread-safe; other threads that enqueue on the stream wait until `enqueue` returns.
template <std::invocable<cl_command_queue> Enqueue>
void with_queue(const Stream& stream, std::span<const MemoryUse> uses, const char* name,
                Enqueue&& enqueue) {
  detail::with_queue(stream, &uses, name, enqueue);
}

/// Calls `enqueue(queue)` as one piece of work that may touch any memory of the context.
///
/// Safe, and not free: on the device, it waits for all earlier work of the context's other streams,
/// and the next work of each of them waits for it. Work that other threads enqueue meanwhile is not
/// ordered with it. Throws CommandError while a live stream of the context is in the failed state.
template <std::invocable<cl_command_queue> Enqueue>
void with_queue(const Stream& stream, const char* name, Enqueue&& enqueue) {
  detail::with_queue(stream, nullptr, name, enqueue);
}

}  // namespace dovetail
