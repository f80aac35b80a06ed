// SPDX-License-Identifier: Apache-2.0
// OpenCL calls that fail as on a device whose memory is full.
#pragma once

#include <cstddef>

namespace dovetail::test {

enum class MemoryCall { create_buffer, launch, fill };

/// The next `count` calls of a kind, by anybody in the process, return
/// CL_MEM_OBJECT_ALLOCATION_FAILURE, until the end of the scope.
class OutOfMemoryCalls {
 public:
  [[nodiscard]] OutOfMemoryCalls(MemoryCall call, int count);
  ~OutOfMemoryCalls();
  OutOfMemoryCalls(const OutOfMemoryCalls&) = delete;
  OutOfMemoryCalls& operator=(const OutOfMemoryCalls&) = delete;

  /// How many are yet to fail.
  int left() const;

 private:
  MemoryCall call_;
};

}  // namespace dovetail::test
