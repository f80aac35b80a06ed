// SPDX-License-Identifier: Apache-2.0
// The embedded kernels of one family, found by a number.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <memory>

#include "dovetail/runtime/kernel.hpp"
#include "lib/core/context_attachment.hpp"

namespace dovetail::detail {

/// `Size` kernels of one context, made at their first use; `Family` tells one table from another.
/// Thread-safe. Finding one takes no string and no lock but the context's own.
template <typename Family, std::size_t Size>
class KernelTable {
 public:
  KernelTable() = default;
  KernelTable(const KernelTable&) = delete;
  KernelTable& operator=(const KernelTable&) = delete;
  ~KernelTable() {
    for (auto& place : kernels_) delete place.load(std::memory_order_relaxed);
  }

  static KernelTable& of(const Context& context) {
    return attachment<KernelTable>(context, [] { return std::make_shared<KernelTable>(); });
  }

  /// The kernel number `index`, less than `Size`, made by `make()` if it is not there yet.
  template <typename Make>
  const Kernel& get(std::size_t index, const Make& make) {
    assert(index < Size);
    std::atomic<const Kernel*>& place = kernels_[index];
    if (const Kernel* const kernel = place.load(std::memory_order_acquire)) return *kernel;
    auto made = std::make_unique<const Kernel>(make());
    const Kernel* other = nullptr;
    if (place.compare_exchange_strong(other, made.get(), std::memory_order_acq_rel)) {
      return *made.release();
    }
    return *other;  // another thread was first
  }

 private:
  std::array<std::atomic<const Kernel*>, Size> kernels_{};
};

}  // namespace dovetail::detail
