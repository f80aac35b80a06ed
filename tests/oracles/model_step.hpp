// SPDX-License-Identifier: Apache-2.0
// The kernel that random programs run, on the device and as a sequential oracle.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "dovetail/runtime/kernel.hpp"
#include "dovetail/stream/buffer.hpp"

namespace dovetail::test {

/// The result of one run of the kernel: `count` words of buffer `out` from `out_first` on become a
/// function of themselves and of words of `in`. Another order of runs gives other words.
struct Step {
  enum class Kind : cl_uint {
    update,      ///< out = out * 31 + c
    accumulate,  ///< out += in * c
    copy,        ///< out = in * c + 7
  };
  Kind kind = Kind::update;
  int out = 0, in = 0;  ///< Numbers of buffers.
  cl_uint out_first = 0, in_first = 0;
  cl_uint count = 0;
  cl_uint c = 0;
};

/// The buffers of a program on the host, by number.
using HostMemory = std::unordered_map<int, std::vector<cl_uint>>;

/// Returns a buffer's initial words.
std::vector<cl_uint> initial_words(int number, std::size_t count);

/// Runs the step on the host.
void apply(const Step& step, HostMemory& memory);

/// The kernel, launched by Dovetail and, as another party would, by OpenCL alone.
class StepKernel {
 public:
  /// In its program.
  static constexpr int kernel_count = 2;

  explicit StepKernel(const Context& context);
  ~StepKernel();
  StepKernel(const StepKernel&) = delete;
  StepKernel& operator=(const StepKernel&) = delete;

  /// Arguments: global const uchar* tag, global uint* out, uint out_first, global const uint* in,
  /// uint in_first, uint count, uint c, uint kind.
  const Kernel& tracked() const noexcept { return tracked_; }

  /// Enqueues a step of the kind `update` without Dovetail's knowledge. Thread-safe.
  void enqueue_raw(cl_command_queue queue, const Buffer& out, const Step& step) const;

 private:
  Program program_;
  Kernel tracked_;
  mutable std::mutex mutex_;
  cl_kernel raw_;
};

}  // namespace dovetail::test
