// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/with_queue.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/stream/moved_buffer.hpp"
#include "lib/stream/range_check.hpp"
#include "lib/stream/submission.hpp"

namespace dovetail::detail {

void with_queue(const Stream& stream, const std::span<const MemoryUse>* uses, const char* name,
                void (*enqueue)(void*, cl_command_queue), void* argument) {
  const cl_context context = state_of(stream, "with_queue")->context.get();
  TrackedUses tracked;
  for (const MemoryUse& use : uses != nullptr ? *uses : std::span<const MemoryUse>()) {
    check_not_moved_from("with_queue", "memory", use.memory.buffer);
    if (use.memory.buffer.context().get() != context) {
      throw InvalidArgument(fmt::format(
          "[with_queue] '{}' uses memory of another context than the stream's; copy it there.",
          name));
    }
    check_range(use.memory.offset, use.memory.nbytes, use.memory.buffer.nbytes(),
                [&] { return fmt::format("[with_queue] '{}'", name); });
    add_use(tracked, use.memory, use.access);
  }
  const Submission submission(stream, tracked, {"", name}, nullptr,
                              uses != nullptr ? Declared::yes : Declared::no);
  enqueue(argument, submission.queue());
}

}  // namespace dovetail::detail
