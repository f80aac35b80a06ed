// SPDX-License-Identifier: Apache-2.0
// One launch of a kernel, on its way into a queue or a recording.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "lib/runtime/kernel_state.hpp"
#include "lib/stream/capture/recorded_command.hpp"

namespace dovetail::detail {

/// A cl_kernel with its arguments set, which this thread alone holds.
class Launch final : public Recordable {
 public:
  /// All three must outlive the launch.
  Launch(const std::shared_ptr<KernelState>& kernel, const NDRange& range,
         std::span<const KernelArgument> arguments);
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;
  ~Launch();

  const TrackedUses& uses() const noexcept { return uses_; }
  cl_int enqueue(cl_command_queue queue) const;
  std::unique_ptr<RecordedCommand> record() override;

 private:
  const std::shared_ptr<KernelState>& kernel_;
  const NDRange& range_;
  GroupSizes group_{};  // for a range that has none
  std::span<const KernelArgument> arguments_;
  std::unique_ptr<KernelInstance> instance_;
  SubBuffers sub_buffers_;
  TrackedUses uses_;
  std::vector<TrackedMemory> raw_;  // keeps the records of raw handles until it is enqueued
};

/// A launch that was captured; its arguments can be changed.
class RecordedLaunch final : public RecordedCommand {
 public:
  RecordedLaunch(std::shared_ptr<KernelState> kernel, const NDRange& range, const GroupSizes& group,
                 std::span<const KernelArgument> arguments,
                 std::unique_ptr<KernelInstance> instance, SubBuffers sub_buffers);

  cl_int enqueue(cl_command_queue queue) const override;
  void add_to(CommandBuffer& buffer) const override;

  const KernelSignature& signature() const noexcept { return kernel_->signature; }

  /// What an argument needs to stay as it is.
  struct Held {
    std::shared_ptr<const void> memory;
    TrackedMemory record;  // of a raw handle
    SubBuffers sub_buffers;
    bool is_used = false;
    TrackedUse use{};
  };
  /// What another value of an argument would need.
  /// @throws InvalidArgument  the kernel cannot take it.
  Held prepare(std::size_t argument, const KernelArgument& value) const;
  /// Sets it for runs from now on, and returns what the value before needed.
  Held update(std::size_t argument, const KernelArgument& value, Held prepared);

 private:
  Held hold(std::size_t index, const KernelArgument& argument) const;
  void collect_uses();

  std::shared_ptr<KernelState> kernel_;
  NDRange range_;
  GroupSizes group_{};  // for a range that has none
  std::unique_ptr<KernelInstance> instance_;
  SubBuffers sub_buffers_;
  std::vector<Held> held_;
};

}  // namespace dovetail::detail
