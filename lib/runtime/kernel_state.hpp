// SPDX-License-Identifier: Apache-2.0
// What stands behind the handle Kernel.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "dovetail/runtime/nd_range.hpp"
#include "dovetail/runtime/program.hpp"
#include "dovetail/stream/stream.hpp"
#include "lib/runtime/argument_check.hpp"
#include "lib/runtime/kernel_instance.hpp"
#include "lib/runtime/launch_limits.hpp"
#include "lib/runtime/work_group.hpp"
#include "lib/stream/submit/command_name.hpp"

namespace dovetail::detail {

struct KernelState {
  Program program;
  KernelSignature signature;
  std::vector<ParameterCheck> checks;
  const char* permanent_name;
  LaunchLimits limits;
  GroupChoice group_choice;

  // cl_kernels that no thread holds; their arguments are captured when a launch is enqueued, so one
  // may be used again at once.
  // The one used last is set apart, for a thread that launches in a row.
  std::atomic<KernelInstance*> spare{nullptr};
  std::mutex mutex;
  std::vector<std::unique_ptr<KernelInstance>> idle;

  KernelState(Program program_in, KernelSignature signature_in)
      : program(std::move(program_in)),
        signature(std::move(signature_in)),
        checks(signature.parameters.begin(), signature.parameters.end()),
        permanent_name(permanent(signature.name)) {}
  KernelState(const KernelState&) = delete;
  KernelState& operator=(const KernelState&) = delete;

  ~KernelState() { delete spare.load(); }

  /// A cl_kernel that this thread alone holds until it gives it back.
  std::unique_ptr<KernelInstance> take() {
    if (KernelInstance* const instance = spare.exchange(nullptr, std::memory_order_acquire)) {
      return std::unique_ptr<KernelInstance>(instance);
    }
    return take_idle();
  }
  void give_back(std::unique_ptr<KernelInstance> used) {
    if (KernelInstance* const other = spare.exchange(used.release(), std::memory_order_acq_rel)) {
      add_idle(std::unique_ptr<KernelInstance>(other));
    }
  }

  /// @throws InvalidArgument  the arguments, the range or the stream do not fit the kernel.
  void check_launch(const Stream& stream, const NDRange& range,
                    std::span<const KernelArgument> arguments) const;

 private:
  std::unique_ptr<KernelInstance> take_idle();
  void add_idle(std::unique_ptr<KernelInstance> instance);
};

}  // namespace dovetail::detail
