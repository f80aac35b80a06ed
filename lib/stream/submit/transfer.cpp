// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/transfer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>

#include "lib/core/opencl_check.hpp"
#include "lib/stream/capture/command_buffer.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/submit/submission.hpp"
#include "lib/stream/submit/with_room.hpp"

namespace dovetail::detail {
namespace {

constexpr std::size_t max_pattern_nbytes = 128;  // OpenCL's own

struct Fill {
  static constexpr const char* name = "fill";
  static constexpr const char* call = "clEnqueueFillBuffer";
  BufferView memory;
  std::array<std::byte, max_pattern_nbytes> pattern;
  std::size_t pattern_nbytes;

  void add_uses(TrackedUses& uses) const { add_use(uses, memory, Access::write); }
  cl_int enqueue(cl_command_queue queue) const {
    return clEnqueueFillBuffer(queue, handle_of(memory.buffer).memory, pattern.data(),
                               pattern_nbytes, memory.offset, memory.nbytes, 0, nullptr, nullptr);
  }
  void add_to(CommandBuffer& buffer) const {
    buffer.add_fill(handle_of(memory.buffer).memory, pattern.data(), pattern_nbytes, memory.offset,
                    memory.nbytes);
  }
};

struct Copy {
  static constexpr const char* name = "copy";
  static constexpr const char* call = "clEnqueueCopyBuffer";
  BufferView from, to;

  void add_uses(TrackedUses& uses) const {
    add_use(uses, from, Access::read);
    add_use(uses, to, Access::write);
  }
  cl_int enqueue(cl_command_queue queue) const {
    return clEnqueueCopyBuffer(queue, handle_of(from.buffer).memory, handle_of(to.buffer).memory,
                               from.offset, to.offset, from.nbytes, 0, nullptr, nullptr);
  }
  void add_to(CommandBuffer& buffer) const {
    buffer.add_copy(handle_of(from.buffer).memory, handle_of(to.buffer).memory, from.offset,
                    to.offset, from.nbytes);
  }
};

template <typename Work>
class Recorded final : public RecordedCommand {
 public:
  Recorded(Work work, const TrackedUses& uses)
      : RecordedCommand(Work::name), work_(std::move(work)) {
    set_uses({uses.begin(), uses.end()});
  }
  cl_int enqueue(cl_command_queue queue) const override { return work_.enqueue(queue); }
  void add_to(CommandBuffer& buffer) const override { work_.add_to(buffer); }

 private:
  Work work_;
};

template <typename Work>
class Transfer final : public Recordable {
 public:
  explicit Transfer(Work work) : work_(std::move(work)) { work_.add_uses(uses_); }
  void give_to(const Stream& stream) {
    const Submission submission(stream, uses_, {"", Work::name}, this);
    if (submission.is_captured()) return;
    check(enqueue_with_room(stream.context(), [&] { return work_.enqueue(submission.queue()); }),
          Work::call);
  }
  std::unique_ptr<RecordedCommand> record() override {
    return std::make_unique<Recorded<Work>>(std::move(work_), uses_);
  }

 private:
  Work work_;
  TrackedUses uses_;
};

/// Blocks until a command is over, though the driver refused to wait for it.
void outlast(const Marker& command, cl_command_queue queue) noexcept {
  using namespace std::chrono_literals;
  // A driver that answers nothing for so long is dead.
  for (int attempts = 10'000; attempts > 0 && !is_over(command.status_if_known()); --attempts) {
    if (clFinish(queue) == CL_SUCCESS) return;
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace

void fill(const Stream& stream, const BufferView& memory, const void* pattern,
          std::size_t pattern_nbytes) {
  assert(pattern_nbytes <= max_pattern_nbytes);
  Fill work{memory, {}, pattern_nbytes};
  std::copy_n(static_cast<const std::byte*>(pattern), pattern_nbytes, work.pattern.begin());
  Transfer(std::move(work)).give_to(stream);
}

void copy(const Stream& stream, const BufferView& from, const BufferView& to) {
  assert(from.nbytes == to.nbytes && !overlap(from, to));
  if (from.nbytes != 0) Transfer(Copy{from, to}).give_to(stream);
}

void enqueue_and_wait(const Stream& stream, const HostCommand& command,
                      const std::function<cl_int(cl_command_queue, cl_event*)>& enqueue) {
  const auto& state = state_of(stream);
  MarkerHandle done;
  {
    TrackedUses uses;
    add_use(uses, command.memory, command.access);
    const Submission submission(stream, uses, command.name);
    cl_event event = nullptr;
    check(enqueue(submission.queue(), &event), command.call);
    done = submission.mark(event);
  }
  try {
    synchronize_with(done, state.get(), std::nullopt, command.function);
  } catch (...) {
    outlast(*done, state->queue);
    throw;
  }
}

void read_to_host(const Stream& stream, const BufferView& memory, void* values,
                  std::string_view function) {
  const auto read = [&](cl_command_queue queue, cl_event* event) {
    return clEnqueueReadBuffer(queue, handle_of(memory.buffer).memory, CL_FALSE, memory.offset,
                               memory.nbytes, values, 0, nullptr, event);
  };
  enqueue_and_wait(stream,
                   {memory, Access::read, {"", "read to host"}, function, "clEnqueueReadBuffer"},
                   std::cref(read));
}

}  // namespace dovetail::detail
