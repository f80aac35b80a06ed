// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/kernel_state.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "dovetail/core/error.hpp"
#include "lib/stream/stream_access.hpp"

namespace dovetail::detail {

std::unique_ptr<KernelInstance> KernelState::take_idle() {
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

void KernelState::add_idle(std::unique_ptr<KernelInstance> instance) {
  const std::scoped_lock lock(mutex);
  idle.push_back(std::move(instance));
}

void KernelState::check_launch(const Stream& stream, const NDRange& range,
                               std::span<const KernelArgument> arguments) const {
  const cl_context context = program.context();
  const Context& given = context_of(stream, "Kernel::launch");
  if (given.get() != context || !(given.device() == program.device())) {
    throw InvalidArgument(fmt::format(
        "[Kernel '{}'] the stream belongs to another context or device than the program; "
        "build the program for the stream's context.",
        signature.name));
  }
  if (arguments.size() != signature.parameters.size()) {
    throw InvalidArgument(
        fmt::format("[Kernel '{}'] takes {} arguments, but was given {}; give one for "
                    "each parameter, in order.",
                    signature.name, signature.parameters.size(), arguments.size()));
  }
  std::size_t local_nbytes = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    check_argument(signature, i, checks[i], arguments[i], context);
    if (arguments[i].kind() == KernelArgument::Kind::local &&
        __builtin_add_overflow(local_nbytes, arguments[i].nbytes(), &local_nbytes)) {
      local_nbytes = SIZE_MAX / 2;  // more than there is, however much the kernel adds
    }
  }
  check_global(signature.name, range, limits);
  check_group(signature.name, range, limits);
  check_local_memory(signature.name, local_nbytes, limits);
}

}  // namespace dovetail::detail
