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

/// An OpenCL context with the one device that Dovetail uses in it: a copyable handle.
///
/// A handle that was moved from returns null from `get()`; whatever else it is asked for, or given
/// to, throws InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Context {
 public:
  /// Makes a context on `device`.
  /// @throws OpenCLError    the driver refuses.
  /// @throws ForkedProcess  this process was forked from one that had used OpenCL.
  explicit Context(const Device& device);

  /// Shares somebody's context; it is retained for the lifetime of the handles. While a handle to
  /// the same context and device exists, however it was made, this is one more: with it the program
  /// cache, the memory pool and all else that belongs to a context are the same.
  /// @throws InvalidArgument  `context` is null or does not hold `device`.
  /// @throws ForkedProcess    as above.
  [[nodiscard]] static Context retain(cl_context context, const Device& device);

  /// The process's context on `Device::default_device()`, made at the first call and never
  /// destroyed, so that it may be used in static destructors.
  /// @throws ForkedProcess  as above.
  static const Context& default_context();

  cl_context get() const noexcept;
  /// @throws InvalidArgument  the handle was moved from.
  const Device& device() const;

  /// Same OpenCL context and same device in it.
  friend bool operator==(const Context& a, const Context& b) noexcept = default;

 private:
  friend class detail::ContextAttachments;
  struct State;
  explicit Context(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace dovetail
