// SPDX-License-Identifier: Apache-2.0
#include "tests/support/gate.hpp"

#include <stdexcept>

namespace dovetail::test {
namespace {

void require(cl_int status, const char* what) {
  if (status != CL_SUCCESS) throw std::runtime_error(what);
}

}  // namespace

Gate::Gate(const Stream& stream) : queue_(stream.get()) {
  require(clRetainCommandQueue(queue_), "Gate: clRetainCommandQueue failed");
  cl_int status = CL_SUCCESS;
  user_ = clCreateUserEvent(stream.context().get(), &status);
  require(status, "Gate: clCreateUserEvent failed");
  require(clEnqueueBarrierWithWaitList(queue_, 1, &user_, &held_),
          "Gate: clEnqueueBarrierWithWaitList failed");
}

Gate::~Gate() {
  if (!is_set_) {
    clSetUserEventStatus(user_, CL_COMPLETE);
    clFinish(queue_);  // so that nothing runs on after the test's own objects are gone
  }
  clReleaseEvent(held_);
  clReleaseEvent(user_);
  clReleaseCommandQueue(queue_);
}

void Gate::release() { set(CL_COMPLETE); }
void Gate::fail(cl_int status) { set(status); }

void Gate::set(cl_int status) {
  is_set_ = true;
  require(clSetUserEventStatus(user_, status), "Gate: clSetUserEventStatus failed");
}

}  // namespace dovetail::test
