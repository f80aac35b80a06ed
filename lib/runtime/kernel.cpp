// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/runtime/kernel_state.hpp"
#include "lib/runtime/launch.hpp"
#include "lib/stream/submit/submission.hpp"
#include "lib/stream/submit/with_room.hpp"

namespace dovetail {

Kernel::Kernel(const Program& program, std::string_view name) {
  detail::check_not_moved_from("Kernel", "program", program);
  const auto& signatures = program.signatures();
  const auto found = std::ranges::find(signatures, name, &KernelSignature::name);
  if (found == signatures.end()) {
    std::string names;
    for (const KernelSignature& signature : signatures) names += " " + signature.name;
    const bool is_renamed = std::ranges::find(signatures, fmt::format("_cl_{}", name),
                                              &KernelSignature::name) != signatures.end();
    throw InvalidArgument(fmt::format(
        "[Kernel] the program '{}' has no kernel '{}'; it has:{}{}", program.name(), name, names,
        is_renamed ? ". PoCL renames kernels that are called like a built-in function of OpenCL C; "
                     "choose another name."
                   : ""));
  }
  state_ = std::make_shared<detail::KernelState>(program, *found);
  auto instance = state_->take();
  state_->limits = detail::LaunchLimits::of(instance->get(), program.device());
  state_->give_back(std::move(instance));
}

const std::shared_ptr<detail::KernelState>& Kernel::state(std::string_view function) const {
  detail::check_not_moved_from(function, "kernel", state_);
  return state_;
}

void Kernel::launch(const Stream& stream, const NDRange& range,
                    std::span<const KernelArgument> arguments) const {
  detail::check_not_forked("Kernel::launch");
  const auto& kernel = state("Kernel::launch");
  kernel->check_launch(stream, range, arguments);
  detail::Launch run(kernel, range, arguments);
  const detail::Submission submission(stream, run.uses(), {"kernel", kernel->permanent_name}, &run);
  if (submission.is_captured()) return;
  const cl_int status =
      detail::enqueue_with_room(stream.context(), [&] { return run.enqueue(submission.queue()); });
  if (status != CL_SUCCESS) [[unlikely]] {
    detail::throw_opencl_error(status, "clEnqueueNDRangeKernel", SourceLocation::current(),
                               fmt::format("kernel '{}', {}", name(), range.str()));
  }
}

const std::string& Kernel::name() const { return state("Kernel::name")->signature.name; }
const std::vector<KernelParameter>& Kernel::parameters() const {
  return state("Kernel::parameters")->signature.parameters;
}
std::size_t Kernel::max_work_group_size() const noexcept {
  return state_ ? state_->limits.items : 0;
}

}  // namespace dovetail
