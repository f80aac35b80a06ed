// SPDX-License-Identifier: Apache-2.0
// Where the entries for OrderRecorder go.
#pragma once

#include <atomic>

#include "dovetail/stream/explain.hpp"

namespace dovetail::detail {

class OrderLog {
 public:
  static bool is_on() noexcept { return recording.load(std::memory_order_relaxed); }
  static void add(OrderEntry entry);

 private:
  friend class dovetail::OrderRecorder;
  static std::atomic<bool> recording;
};

}  // namespace dovetail::detail
