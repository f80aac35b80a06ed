// SPDX-License-Identifier: Apache-2.0
// OpenCL contexts.
#pragma once

#include <CL/cl.h>

#include <memory>

#include "dovetail/core/device.hpp"
#include "dovetail/core/export.hpp"

namespace dovetail {

namespace detail {
class ContextAttachments;
}

/// A copyable handle to an OpenCL context and the one device of it that Dovetail uses.
///
/// After a move, `get()` returns null, and every other use of the handle throws InvalidArgument.
/// Thread-safe.
class DOVETAIL_EXPORT Context {
 public:
  /// Makes a context on `device`.
  /// @throws OpenCLError    the driver cannot make it.
  /// @throws ForkedProcess  OpenCL was used before this process was forked.
  explicit Context(const Device& device);

  /// Shares an existing context and retains it for as long as a handle exists. Handles to one
  /// context and device are equal, however they were made: they share the program cache, the memory
  /// pool and everything else that belongs to a context.
  /// @throws InvalidArgument  `context` is null or does not hold `device`.
  /// @throws ForkedProcess    OpenCL was used before this process was forked.
  [[nodiscard]] static Context retain(cl_context context, const Device& device);

  /// Returns the process's context on `Device::default_device()`. The first call makes it; nothing
  /// destroys it, so static destructors may use it.
  /// @throws ForkedProcess  OpenCL was used before this process was forked.
  static const Context& default_context();

  cl_context get() const noexcept;  ///< Returns the native handle.
  /// Returns the device.
  /// @throws InvalidArgument  the handle was moved from.
  const Device& device() const;

  /// Compares the OpenCL contexts and the devices.
  friend bool operator==(const Context& a, const Context& b) noexcept = default;

 private:
  friend class detail::ContextAttachments;
  struct State;
  explicit Context(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace dovetail
