// SPDX-License-Identifier: Apache-2.0
// Lets the making of queues fail, as a driver without resources would.
#pragma once

namespace dovetail::test {

/// While it lives, the next `count` calls of clCreateCommandQueueWithProperties in this program
/// return CL_OUT_OF_RESOURCES; those after them reach OpenCL again.
class FailingQueues {
 public:
  explicit FailingQueues(int count);
  ~FailingQueues();
  FailingQueues(const FailingQueues&) = delete;
  FailingQueues& operator=(const FailingQueues&) = delete;
};

}  // namespace dovetail::test
