// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/transfer.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "lib/core/opencl_check.hpp"
#include "lib/stream/command_buffer.hpp"
#include "lib/stream/submission.hpp"
#include "lib/stream/with_room.hpp"

namespace dovetail::detail {

namespace {

class Fill final : public Recordable {
 public:
  Fill(const BufferView& memory, const void* pattern, std::size_t pattern_nbytes)
      : memory_(memory), pattern_(pattern), pattern_nbytes_(pattern_nbytes) {
    add_use(uses_, memory, Access::write);
  }
  const TrackedUses& uses() const noexcept { return uses_; }
  cl_int enqueue(cl_command_queue queue) const {
    return clEnqueueFillBuffer(queue, handle_of(memory_.buffer).memory, pattern_, pattern_nbytes_,
                               memory_.offset, memory_.nbytes, 0, nullptr, nullptr);
  }
  std::unique_ptr<RecordedCommand> record() override;

 private:
  const BufferView& memory_;
  const void* pattern_;
  std::size_t pattern_nbytes_;
  TrackedUses uses_;
};

class RecordedFill final : public RecordedCommand {
 public:
  RecordedFill(BufferView memory, const void* pattern, std::size_t pattern_nbytes)
      : RecordedCommand("fill"),
        memory_(std::move(memory)),
        pattern_(static_cast<const std::byte*>(pattern),
                 static_cast<const std::byte*>(pattern) + pattern_nbytes),
        fill_(memory_, pattern_.data(), pattern_nbytes) {
    set_uses({fill_.uses().begin(), fill_.uses().end()});
  }
  cl_int enqueue(cl_command_queue queue) const override { return fill_.enqueue(queue); }
  void add_to(CommandBuffer& buffer) const override {
    buffer.add_fill(handle_of(memory_.buffer).memory, pattern_.data(), pattern_.size(),
                    memory_.offset, memory_.nbytes);
  }

 private:
  BufferView memory_;
  std::vector<std::byte> pattern_;
  Fill fill_;
};

std::unique_ptr<RecordedCommand> Fill::record() {
  return std::make_unique<RecordedFill>(memory_, pattern_, pattern_nbytes_);
}

}  // namespace

void fill(const Stream& stream, const BufferView& memory, const void* pattern,
          std::size_t pattern_nbytes) {
  Fill work(memory, pattern, pattern_nbytes);
  const Submission submission(stream, work.uses(), {"", "fill"}, &work);
  if (submission.is_captured()) return;
  check(enqueue_with_room(stream.context(), [&] { return work.enqueue(submission.queue()); }),
        "clEnqueueFillBuffer");
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
