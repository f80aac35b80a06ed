// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/launch.hpp"

#include <fmt/format.h>

#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/stream/buffer_state.hpp"
#include "lib/stream/capture/command_buffer.hpp"

namespace dovetail::detail {
namespace {

/// The range's group, or the one that was chosen for it; null where the driver is to choose.
const std::size_t* local_size(const NDRange& range, const GroupSizes& chosen) {
  if (range.local() != nullptr) return range.local();
  return chosen.front() == 0 ? nullptr : chosen.data();
}

cl_int enqueue_kernel(cl_command_queue queue, const KernelInstance& kernel, const NDRange& range,
                      const GroupSizes& chosen) {
  return clEnqueueNDRangeKernel(queue, kernel.get(), range.dimensions(), nullptr, range.global(),
                                local_size(range, chosen), 0, nullptr, nullptr);
}

/// The use that an argument makes of a buffer's memory, if any.
bool use_of_buffer(const KernelArgument& argument, const ParameterCheck& check, TrackedUse& use) {
  const BufferHandle& handle = argument.handle();
  if (handle.serial == 0 || argument.used_nbytes() == 0) return false;
  const std::size_t begin = handle.begin + argument.used_offset();
  use = {handle.tracking,
         {begin, begin + argument.used_nbytes()},
         argument.access().value_or(check.access)};
  return true;
}

std::shared_ptr<const void> retained(cl_mem memory) {
  check(clRetainMemObject(memory), "clRetainMemObject");
  return {memory, [](cl_mem held) { release(held); }};
}

}  // namespace

Launch::Launch(const std::shared_ptr<KernelState>& kernel, const NDRange& range,
               std::span<const KernelArgument> arguments)
    : kernel_(kernel), range_(range), arguments_(arguments), instance_(kernel->take()) {
  if (range.local() == nullptr) group_ = kernel->group_choice.of(range, kernel->limits);
  const Device& device = kernel->program.device();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    instance_->set(kernel->signature, i, arguments[i], device, sub_buffers_);
    TrackedUse use{};
    if (use_of_buffer(arguments[i], kernel->checks[i], use)) {
      uses_.push_back(use);
    } else if (is_raw(arguments[i])) {
      raw_.push_back(track(arguments[i].memory()));
      uses_.push_back({raw_.back().state.get(), raw_.back().range,
                       arguments[i].access().value_or(kernel->checks[i].access)});
    }
  }
}

Launch::~Launch() {
  if (instance_) kernel_->give_back(std::move(instance_));
}

cl_int Launch::enqueue(cl_command_queue queue) const {
  return enqueue_kernel(queue, *instance_, range_, group_);
}

std::unique_ptr<RecordedCommand> Launch::record() {
  return std::make_unique<RecordedLaunch>(kernel_, range_, group_, arguments_, std::move(instance_),
                                          std::move(sub_buffers_));
}

RecordedLaunch::RecordedLaunch(std::shared_ptr<KernelState> kernel, const NDRange& range,
                               const GroupSizes& group, std::span<const KernelArgument> arguments,
                               std::unique_ptr<KernelInstance> instance, SubBuffers sub_buffers)
    : RecordedCommand(fmt::format("kernel '{}'", kernel->signature.name)),
      kernel_(std::move(kernel)),
      range_(range),
      group_(group),
      instance_(std::move(instance)),
      sub_buffers_(std::move(sub_buffers)) {
  for (std::size_t i = 0; i < arguments.size(); ++i) held_.push_back(hold(i, arguments[i]));
  collect_uses();
}

RecordedLaunch::Held RecordedLaunch::hold(std::size_t index, const KernelArgument& argument) const {
  Held held;
  const ParameterCheck& check = kernel_->checks[index];
  held.is_used = use_of_buffer(argument, check, held.use);
  if (argument.handle().state != nullptr) {
    held.memory = argument.handle().state->shared_from_this();
  } else if (is_raw(argument)) {
    held.memory = retained(argument.memory());
    held.record = track(argument.memory());
    held.is_used = true;
    held.use = {held.record.state.get(), held.record.range,
                argument.access().value_or(check.access)};
  }
  return held;
}

void RecordedLaunch::collect_uses() {
  std::vector<TrackedUse> uses;
  for (const Held& held : held_) {
    if (held.is_used) uses.push_back(held.use);
  }
  set_uses(std::move(uses));
}

cl_int RecordedLaunch::enqueue(cl_command_queue queue) const {
  return enqueue_kernel(queue, *instance_, range_, group_);
}

void RecordedLaunch::add_to(CommandBuffer& buffer) const {
  buffer.add_kernel(instance_->get(), range_.dimensions(), range_.global(),
                    local_size(range_, group_));
}

RecordedLaunch::Held RecordedLaunch::prepare(std::size_t argument,
                                             const KernelArgument& value) const {
  check_argument(kernel_->signature, argument, kernel_->checks[argument], value,
                 kernel_->program.context());
  return hold(argument, value);
}

RecordedLaunch::Held RecordedLaunch::update(std::size_t argument, const KernelArgument& value,
                                            Held prepared) {
  instance_->set(kernel_->signature, argument, value, kernel_->program.device(),
                 prepared.sub_buffers);
  std::swap(held_[argument], prepared);
  collect_uses();
  return prepared;
}

}  // namespace dovetail::detail
