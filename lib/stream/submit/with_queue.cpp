// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/with_queue.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/range_check.hpp"
#include "lib/stream/stream_access.hpp"
#include "lib/stream/submit/submission.hpp"

namespace dovetail::detail {

void with_queue(const Stream& stream, const std::span<const MemoryUse>* uses, const char* name,
                void (*enqueue)(void*, cl_command_queue), void* argument) {
  const cl_context context = context_of(stream, "with_queue").get();
  TrackedUses tracked;
  for (const MemoryUse& use : uses != nullptr ? *uses : std::span<const MemoryUse>()) {
    const BufferHandle handle = handle_of(use.memory.buffer);
    if (handle.context == nullptr) throw_moved_from("with_queue", "memory");
    if (handle.context != context) {
      throw InvalidArgument(fmt::format(
          "[with_queue] '{}' uses memory of another context than the stream's; copy it there.",
          name));
    }
    check_range(use.memory.offset, use.memory.nbytes, handle.nbytes,
                [&] { return fmt::format("[with_queue] '{}'", name); });
    add_use(tracked, handle, use.memory, use.access);
  }
  const Submission submission(stream, tracked, {"", name}, nullptr,
                              uses != nullptr ? Declared::yes : Declared::no);
  enqueue(argument, submission.queue());
}

}  // namespace dovetail::detail
