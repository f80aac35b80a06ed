// SPDX-License-Identifier: Apache-2.0
// Raw OpenCL, and libraries that speak it, in the order of a stream.
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

/// Calls `enqueue(queue)`, which enqueues on the stream's queue whatever it likes, as one piece of
/// work: waits that it needs are inserted before it, no other thread's work gets in between, and
/// later work on any stream comes after it where the memory says so.
///
///     with_queue(stream, {{reads(a), writes(b)}}, "my copy", [&](cl_command_queue queue) {
///       clEnqueueCopyBuffer(queue, a.get(), b.get(), 0, 0, a.nbytes(), 0, nullptr, nullptr);
///     });
///
/// @param uses     All memory that the work touches. What it touches undeclared is ordered on this
///                 stream only.
/// @param name     For messages and OrderRecorder; a literal, kept by pointer.
/// @param enqueue  Must not give work to a stream, capture, replay or change a recording, which
///                 throw an Error; nor keep the queue. May throw.
/// @throws InvalidArgument  memory of another context, or a range that its buffer does not have.
/// @throws CommandError     the stream, or work that this depends on, has failed.
/// Thread-safe; other threads that give work to the stream wait until `enqueue` returns.
template <std::invocable<cl_command_queue> Enqueue>
void with_queue(const Stream& stream, std::span<const MemoryUse> uses, const char* name,
                Enqueue&& enqueue) {
  detail::with_queue(stream, &uses, name, enqueue);
}

/// The same for work that does not tell what it touches: it may be any memory of the context.
///
/// Safe, and not free: it waits, on the device, for all that the context's other streams were given
/// before, and the next work of each of them waits for it. What other threads give meanwhile is not
/// ordered with it. A stream that has failed, until its reset, makes such work refuse; one that is
/// gone does not.
template <std::invocable<cl_command_queue> Enqueue>
void with_queue(const Stream& stream, const char* name, Enqueue&& enqueue) {
  detail::with_queue(stream, nullptr, name, enqueue);
}

}  // namespace dovetail
