// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/kernel_state.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {
namespace {

std::size_t items_of_group(const NDRange& range) {
  std::size_t items = 1;
  for (unsigned i = 0; i < range.dimensions(); ++i) items *= range.local()[i];
  return items;
}

}  // namespace

std::unique_ptr<KernelInstance> KernelState::take() {
  if (KernelInstance* instance = spare.exchange(nullptr, std::memory_order_acquire)) {
    return std::unique_ptr<KernelInstance>(instance);
  }
  {
    const std::scoped_lock lock(mutex);
    if (!idle.empty()) {
      auto instance = std::move(idle.back());
      idle.pop_back();
      return instance;
    }
  }
  return std::make_unique<KernelInstance>(program.get(), signature);
}

void KernelState::give_back(std::unique_ptr<KernelInstance> used) {
  std::unique_ptr<KernelInstance> other(spare.exchange(used.release(), std::memory_order_acq_rel));
  if (!other) return;
  const std::scoped_lock lock(mutex);
  idle.push_back(std::move(other));
}

void KernelState::check_launch(const Stream& stream, const NDRange& range,
                               std::span<const KernelArgument> arguments) const {
  const cl_context context = program.context();
  if (stream.context().get() != context || !(stream.device() == program.device())) {
    throw InvalidArgument(fmt::format(
        "[Kernel '{}'] the stream belongs to another context or device than the program; "
        "build the program for the stream's context.",
        signature.name));
  }
  if (arguments.size() != signature.parameters.size()) {
    throw InvalidArgument(fmt::format("[Kernel '{}'] takes {} arguments, but was given {}.",
                                      signature.name, signature.parameters.size(),
                                      arguments.size()));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    check_argument(signature, i, checks[i], arguments[i], context);
  }
  if (range.local() != nullptr && items_of_group(range) > max_work_group_size) {
    throw InvalidArgument(fmt::format(
        "[Kernel '{}'] {}: a group of {} work-items, but this kernel takes {} at most here.",
        signature.name, range.str(), items_of_group(range), max_work_group_size));
  }
}

}  // namespace dovetail::detail
