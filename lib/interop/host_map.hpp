// SPDX-License-Identifier: Apache-2.0
// Memory mapped to the host's address space, in stream order.
#pragma once

#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::detail {

/// Maps `memory` for reading and writing and blocks until everything that has used it is done.
/// @param function  For messages; a literal, kept by pointer.
/// @throws InvalidArgument  the memory is of another context.
/// @throws CommandError     work on it has failed.
void* map_to_host(const Stream& stream, const BufferView& memory, const char* function);

/// Enqueues the end of that: later work with `memory` comes after it.
void unmap_from_host(const Stream& stream, const BufferView& memory, void* pointer,
                     const char* function);

}  // namespace dovetail::detail
