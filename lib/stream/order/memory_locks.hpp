// SPDX-License-Identifier: Apache-2.0
// Locks over several memory objects at once.
#pragma once

#include <algorithm>
#include <functional>

#include "lib/stream/submit/tracked_use.hpp"

namespace dovetail::detail {

/// Locks the memory of all uses for a scope, each once, in the order of addresses.
class MemoryLocks {
 public:
  explicit MemoryLocks(const TrackedUses& uses) {
    for (const TrackedUse& use : uses) memories_.push_back(use.memory);
    std::ranges::sort(memories_, std::less<>());
    const MemoryState* locked = nullptr;
    for (MemoryState*& memory : memories_) {
      if (memory == locked) {
        memory = nullptr;  // used twice
      } else {
        memory->lock();
        locked = memory;
      }
    }
  }
  ~MemoryLocks() {
    for (MemoryState* memory : memories_) {
      if (memory != nullptr) memory->unlock();
    }
  }
  MemoryLocks(const MemoryLocks&) = delete;
  MemoryLocks& operator=(const MemoryLocks&) = delete;

 private:
  SmallVector<MemoryState*, 12> memories_;
};

}  // namespace dovetail::detail
