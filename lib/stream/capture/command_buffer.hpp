// SPDX-License-Identifier: Apache-2.0
// Command buffers: cl_khr_command_buffer.
#pragma once

#include <CL/cl.h>
#include <CL/cl_ext.h>

#include <cstddef>

#include "dovetail/core/device.hpp"

namespace dovetail::detail {

/// Commands that the driver keeps and enqueues with one call. Not thread-safe.
class CommandBuffer {
 public:
  /// Whether the device has the extension, in a version whose entry points are known, and lets a
  /// command buffer be enqueued again before its last run is over.
  static bool is_supported(const Device& device);

  /// @param queue  Runs it; so may queues of the same context, device and properties.
  CommandBuffer(const Device& device, cl_command_queue queue);
  ~CommandBuffer();
  CommandBuffer(const CommandBuffer&) = delete;
  CommandBuffer& operator=(const CommandBuffer&) = delete;

  /// Adds a launch with the arguments that `kernel` has now. `local` may be null.
  void add_kernel(cl_kernel kernel, unsigned dimensions, const std::size_t* global,
                  const std::size_t* local);
  void add_fill(cl_mem memory, const void* pattern, std::size_t pattern_nbytes, std::size_t offset,
                std::size_t nbytes);
  void add_copy(cl_mem from, cl_mem to, std::size_t from_offset, std::size_t to_offset,
                std::size_t nbytes);
  /// Nothing can be added from here on.
  void finalize();

  /// Returns OpenCL's status.
  cl_int enqueue(cl_command_queue queue) const;

 private:
  struct Functions;
  const Functions& functions_;
  cl_command_buffer_khr native_ = nullptr;
};

}  // namespace dovetail::detail
