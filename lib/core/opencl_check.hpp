// SPDX-License-Identifier: Apache-2.0
// The one place where OpenCL statuses become exceptions.
#pragma once

#include <CL/cl.h>

#include <string_view>

#include "dovetail/core/export.hpp"
#include "dovetail/core/source_location.hpp"

namespace dovetail::detail {

/// Throws the error type that fits `status`.
[[noreturn]] DOVETAIL_EXPORT void throw_opencl_error(cl_int status, std::string_view call,
                                                     SourceLocation where,
                                                     std::string_view what_for = {});

/// Throws unless `status` is CL_SUCCESS.
inline void check(cl_int status, std::string_view call,
                  SourceLocation where = SourceLocation::current()) {
  if (status != CL_SUCCESS) [[unlikely]] {
    throw_opencl_error(status, call, where);
  }
}

/// For destructors, which report and never throw: prints one line to stderr unless CL_SUCCESS.
DOVETAIL_EXPORT void report_unless_success(cl_int status, std::string_view call) noexcept;

}  // namespace dovetail::detail
