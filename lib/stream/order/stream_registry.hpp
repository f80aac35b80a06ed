// SPDX-License-Identifier: Apache-2.0
// The process's streams, by id and by queue.
#pragma once

#include <CL/cl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dovetail/stream/point.hpp"
#include "lib/stream/order/order.hpp"
#include "lib/stream/order/stream_state.hpp"

namespace dovetail::detail {

std::uint64_t next_stream_id();
/// Whether that gave this number to a stream, which may be gone.
bool was_stream_id(std::uint64_t id);

/// Returns the stream of `queue` if it is alive, else what `make` makes from the remains of an
/// earlier one, or from default ones.
std::shared_ptr<StreamState> find_or_add_stream(
    cl_command_queue queue, cl_context context,
    const std::function<std::shared_ptr<StreamState>(const StreamRemains& before)>& make);

/// A stream that work depends on: alive, or what remains of it. Neither once its work is done.
struct Producer {
  std::shared_ptr<StreamState> alive;
  std::optional<StreamRemains> remains;
};
Producer find_producer(std::uint64_t stream);

/// Takes a stream whose last handle has gone out of the registry.
void retire_stream(const StreamState& stream, std::optional<StreamRemains> remains);

/// Returns the progress of the work up to `point`; makes no OpenCL call.
/// @param foreign  Others enqueue on the point's stream, so that only its end tells of their work.
Progress progress_of(Point point, bool foreign);

/// Takes note of which streams that are gone have done their work, and which have failed.
void look_at_retired_streams();
/// Whether a stream has failed and is gone, and none of its work runs any more.
bool is_gone_after_failure(std::uint64_t stream);
/// @param label  Of the stream, which has been given work up to `given`.
/// @throws InvalidArgument  always: `point` is of none of it.
[[noreturn]] void throw_not_given(const std::string& label, std::uint64_t given, Point point);
/// Takes the work of a stream that is gone for done, up to `point`; false if nothing remains of it.
/// @throws InvalidArgument  the stream was never given so much.
bool declare_retired_done(Point point);

std::vector<std::shared_ptr<StreamState>> streams_alive();
/// What remains of those whose last handle is gone.
std::vector<StreamRemains> retired_streams();

/// What a stream was given last.
struct LatestWork {
  Point point;
  bool foreign;  ///< Others enqueue on that stream's queue.
};
/// Of each stream of a context that was given work not known to be done.
std::vector<LatestWork> latest_work(cl_context context);

}  // namespace dovetail::detail
