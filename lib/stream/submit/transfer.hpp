// SPDX-License-Identifier: Apache-2.0
// Fills, copies, and reads to the host, in stream order.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <functional>
#include <string_view>

#include "dovetail/stream/access.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"
#include "lib/stream/submit/command_name.hpp"

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

/// A command on `memory` that touches the host's memory.
struct HostCommand {
  const BufferView& memory;
  Access access;
  CommandName name;
  std::string_view function;  ///< Who asks, for messages, such as "Tensor::to_host".
  const char* call;           ///< OpenCL's function.
};

/// Enqueues what `enqueue(queue, &event)` does, and blocks until it is over: even where the driver
/// refuses to wait, as an exception may free the host's memory.
/// @throws CommandError  the command, or work before it, failed.
void enqueue_and_wait(const Stream& stream, const HostCommand& command,
                      const std::function<cl_int(cl_command_queue, cl_event*)>& enqueue);

}  // namespace dovetail::detail
