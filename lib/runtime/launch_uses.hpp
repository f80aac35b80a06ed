// SPDX-License-Identifier: Apache-2.0
// The memory that a launch uses.
#pragma once

#include <vector>

#include "dovetail/runtime/kernel_argument.hpp"
#include "lib/runtime/argument_check.hpp"
#include "lib/stream/submission.hpp"

namespace dovetail::detail {

/// The memory that a launch uses, and what keeps the records of raw handles until it is enqueued.
struct LaunchUses {
  TrackedUses uses;
  std::vector<TrackedMemory> raw;

  void add(const KernelArgument& argument, const ParameterCheck& check) {
    if (argument.kind() != KernelArgument::Kind::memory || argument.memory() == nullptr) return;
    const Access access = argument.access().value_or(check.access);
    const BufferHandle& handle = argument.handle();
    if (handle.serial == 0) {
      raw.push_back(track(argument.memory()));
      uses.push_back({raw.back().state.get(), raw.back().range, access});
    } else if (argument.used_nbytes() != 0) {
      const std::size_t begin = handle.begin + argument.used_offset();
      uses.push_back({handle.tracking, {begin, begin + argument.used_nbytes()}, access});
    }
  }
};

}  // namespace dovetail::detail
