// SPDX-License-Identifier: Apache-2.0
// Work that does not tell what memory it touches.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "dovetail/stream/point.hpp"
#include "lib/stream/order/stream_registry.hpp"

namespace dovetail::detail {

/// The latest undeclared work of each stream of the process: all work that is given later, on
/// whichever stream of the context, comes after it. Thread-safe.
class UndeclaredWork {
 public:
  /// Grows with each piece of it.
  static std::uint64_t version() noexcept { return latest.load(std::memory_order_acquire); }
  static void add(cl_context context, const LatestWork& work);
  /// That of the context which is not known to be done.
  static std::vector<LatestWork> of(cl_context context);
  /// That of a stream need not be followed any more.
  static void forget(std::uint64_t stream);

 private:
  static std::atomic<std::uint64_t> latest;
};

}  // namespace dovetail::detail
