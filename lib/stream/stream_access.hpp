// SPDX-License-Identifier: Apache-2.0
// What the layers above need of a stream beside its public functions.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "dovetail/stream/stream.hpp"

namespace dovetail::detail {

/// Returns the stream's context.
/// @throws InvalidArgument  `function` was given a stream that was moved from.
const Context& context_of(const Stream& stream, std::string_view function);

/// Returns whether `peer` is attached to the stream.
bool is_attached(const Stream& stream, const Peer& peer);

/// Says that others enqueue on the stream's queue from now on.
void share(const Stream& stream);

/// @throws CaptureError  the stream captures.
/// @throws CommandError  the stream has failed.
void check_takes_work(const Stream& stream, std::string_view function);

/// Has the stream take no more work: nothing must build on what it was given after ticket `after`.
/// @param what  Of which `call` returned `code`, for messages.
void fail(const Stream& stream, std::uint64_t after, cl_int code, std::string_view call,
          std::string what);

}  // namespace dovetail::detail
