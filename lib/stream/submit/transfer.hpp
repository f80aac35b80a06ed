// SPDX-License-Identifier: Apache-2.0
// Fills, copies, and reads to the host, in stream order.
#pragma once

#include <cstddef>
#include <string_view>

#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"
#include "lib/stream/submit/marker.hpp"

namespace dovetail::detail {

/// Repeats a pattern of `pattern_nbytes`, a power of two up to 128, over `memory`.
void fill(const Stream& stream, const BufferView& memory, const void* pattern,
          std::size_t pattern_nbytes);

/// Copies all of `from` to `to`, on the device; nothing when they are empty.
/// @param from, to  Of one size, without a byte in common.
void copy(const Stream& stream, const BufferView& from, const BufferView& to);

/// Copies `memory` to `values`. Blocks until the stream has got there; other threads may give work
/// to it meanwhile.
/// @param function  Who asks, for messages, such as "Tensor::to_host".
/// @throws CommandError  the copy, or work before it, failed.
void read_to_host(const Stream& stream, const BufferView& memory, void* values,
                  std::string_view function);

/// Blocks until a command on the queue that touches the host's memory is over, though the driver
/// refused to wait for it: then an exception may free the memory.
void outlast(const Marker& command, cl_command_queue queue) noexcept;

}  // namespace dovetail::detail
