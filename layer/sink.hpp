// SPDX-License-Identifier: Apache-2.0
// What a layer does with the calls that pass through it.
#pragma once

#include <cstdint>

#include "layer/entry_points.hpp"

namespace dovetail::layer {

/// The facts of a call that has returned.
struct Call {
  EntryPoint entry_point;
  std::uint64_t nanoseconds;
  std::uint64_t bytes;  ///< 0 if the call failed.
  std::uint64_t wait_list_events;
  std::uint64_t events;  ///< That the call handed out.
  bool failed;
};

/// A sink that ignores every call. Sinks derive from it and hide what they use; `Interposed` calls
/// their functions on the thread of the OpenCL call, without a virtual call in between.
struct Sink {
  /// @param arguments  References to the call's arguments, as a tuple.
  static void before(EntryPoint /*entry_point*/, const auto& /*arguments*/) noexcept {}
  static void after(const Call& /*call*/, const auto& /*arguments*/) noexcept {}
};

}  // namespace dovetail::layer
