// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/transfer.hpp"

#include "lib/core/opencl_check.hpp"
#include "lib/stream/submission.hpp"
#include "lib/stream/with_room.hpp"

namespace dovetail::detail {

void fill(const Stream& stream, const BufferView& memory, const void* pattern,
          std::size_t pattern_nbytes) {
  TrackedUses uses;
  add_use(uses, memory, Access::write);
  const Submission submission(stream, uses, {"", "fill"});
  const auto enqueue = [&] {
    return clEnqueueFillBuffer(submission.queue(), handle_of(memory.buffer).memory, pattern,
                               pattern_nbytes, memory.offset, memory.nbytes, 0, nullptr, nullptr);
  };
  check(enqueue_with_room(stream.context(), enqueue), "clEnqueueFillBuffer");
}

void read_to_host(const Stream& stream, const BufferView& memory, void* values) {
  const auto& state = state_of(stream);
  cl_event event = nullptr;
  Point point{stream.id(), 0};
  ClockSnapshot clock;
  {
    TrackedUses uses;
    add_use(uses, memory, Access::read);
    const Submission submission(stream, uses, {"", "read to host"});
    check(clEnqueueReadBuffer(submission.queue(), handle_of(memory.buffer).memory, CL_FALSE,
                              memory.offset, memory.nbytes, values, 0, nullptr, &event),
          "clEnqueueReadBuffer");
    point.ticket = submission.ticket();
    clock = state->clock;
  }
  const auto done = std::make_shared<const Marker>(event, point, 0, std::move(clock));
  synchronize_with(done, state.get(), std::nullopt, "Tensor::to_host");
}

}  // namespace dovetail::detail
