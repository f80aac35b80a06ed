// SPDX-License-Identifier: Apache-2.0
// Holds a stream's queue, so that a test can look at work that has been given but cannot run.
#pragma once

#include <CL/cl.h>

#include "dovetail/stream/stream.hpp"

namespace dovetail::test {

/// Everything given to `stream` after the gate was made waits until `release()` or the gate's end.
/// It keeps the queue, but is no handle to the stream.
class Gate {
 public:
  [[nodiscard]] explicit Gate(const Stream& stream);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void release();
  /// Instead of releasing it: the gate's command, and with it the queue, fails with `status` < 0.
  void fail(cl_int status);

 private:
  void set(cl_int status);

  cl_command_queue queue_;
  cl_event user_;
  cl_event held_;  // kept: PoCL 3.1 aborts when a failed command's event is gone
  bool is_set_ = false;
};

}  // namespace dovetail::test
