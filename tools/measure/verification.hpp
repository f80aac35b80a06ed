// SPDX-License-Identifier: Apache-2.0
// What every measurement checks before it times anything.
#pragma once

#include "dovetail/core/error.hpp"
#include "dovetail/opencl.hpp"

namespace dovetail::tool {

/// A result is wrong; the tool ends with exit code 1.
class VerificationFailed : public Error {
 public:
  using Error::Error;
};

/// Checks the status of an OpenCL call that the tool makes itself, as plain code does.
/// @throws OpenCLError  `status` is not CL_SUCCESS.
inline void check_raw(cl_int status, const char* call) {
  if (status != CL_SUCCESS) {
    throw OpenCLError(status, call, SourceLocation::current(), "by the tool itself");
  }
}

}  // namespace dovetail::tool
