// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/error.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "lib/core/build_log.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail {

// Out of line, so that each type's vtable and type information live in the library alone.
Error::~Error() = default;
InvalidArgument::~InvalidArgument() = default;
NoDevice::~NoDevice() = default;
ForkedProcess::~ForkedProcess() = default;
OpenCLError::~OpenCLError() = default;
OutOfMemory::~OutOfMemory() = default;
CommandError::~CommandError() = default;
TimedOut::~TimedOut() = default;
CaptureError::~CaptureError() = default;
BuildError::~BuildError() = default;
VendorError::~VendorError() = default;

namespace {

std::string describe(cl_int code, std::string_view call, const SourceLocation& where,
                     std::string_view detail) {
  return fmt::format("{} returned {} ({}){}{} [{}:{}]", call, status_name(code), code,
                     detail.empty() ? "" : ": ", detail, where.file_name(), where.line());
}

}  // namespace

OpenCLError::OpenCLError(cl_int code, std::string_view call, SourceLocation where,
                         std::string_view detail)
    : Error(describe(code, call, where, detail)), code_(code), call_(call), where_(where) {}

BuildError::BuildError(cl_int code, std::string_view program, std::string options, std::string log,
                       SourceLocation where, std::string_view source)
    : BuildError(code, program, where, std::move(options), std::move(log),
                 Quotes{detail::quote_errors(log, program, source)}) {}

BuildError::BuildError(cl_int code, std::string_view program, SourceLocation where,
                       std::string&& options, std::string&& log, Quotes quotes)
    : OpenCLError(code, "clBuildProgram", where,
                  fmt::format("program '{}' with options '{}' does not build:\n{}the log:\n{}\n",
                              program, options, quotes.text, log)),
      options_(std::move(options)),
      log_(std::move(log)),
      quotes_(std::move(quotes.text)) {}

VendorError::VendorError(std::string_view routine, int status, std::string_view detail)
    : Error(fmt::format("{} failed with status {}: {}", routine, status, detail)),
      routine_(routine),
      status_(status) {}

namespace detail {

void throw_opencl_error(cl_int status, std::string_view call, SourceLocation where,
                        std::string_view what_for) {
  switch (status) {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
    case CL_OUT_OF_HOST_MEMORY:
      throw OutOfMemory(status, call, where, what_for);
    default:
      throw OpenCLError(status, call, where, what_for);
  }
}

void report_unless_success(cl_int status, std::string_view call) noexcept {
  if (status != CL_SUCCESS) {
    std::fprintf(stderr, "dovetail: %.*s returned %d while an object was destroyed\n",
                 static_cast<int>(call.size()), call.data(), status);
  }
}

}  // namespace detail

std::string_view status_name(cl_int status) noexcept {
#define DOVETAIL_STATUS(name) \
  case name:                  \
    return #name;
  switch (status) {
    DOVETAIL_STATUS(CL_SUCCESS)
    DOVETAIL_STATUS(CL_DEVICE_NOT_FOUND)
    DOVETAIL_STATUS(CL_DEVICE_NOT_AVAILABLE)
    DOVETAIL_STATUS(CL_COMPILER_NOT_AVAILABLE)
    DOVETAIL_STATUS(CL_MEM_OBJECT_ALLOCATION_FAILURE)
    DOVETAIL_STATUS(CL_OUT_OF_RESOURCES)
    DOVETAIL_STATUS(CL_OUT_OF_HOST_MEMORY)
    DOVETAIL_STATUS(CL_PROFILING_INFO_NOT_AVAILABLE)
    DOVETAIL_STATUS(CL_MEM_COPY_OVERLAP)
    DOVETAIL_STATUS(CL_BUILD_PROGRAM_FAILURE)
    DOVETAIL_STATUS(CL_MAP_FAILURE)
    DOVETAIL_STATUS(CL_MISALIGNED_SUB_BUFFER_OFFSET)
    DOVETAIL_STATUS(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
    DOVETAIL_STATUS(CL_COMPILE_PROGRAM_FAILURE)
    DOVETAIL_STATUS(CL_LINKER_NOT_AVAILABLE)
    DOVETAIL_STATUS(CL_LINK_PROGRAM_FAILURE)
    DOVETAIL_STATUS(CL_KERNEL_ARG_INFO_NOT_AVAILABLE)
    DOVETAIL_STATUS(CL_INVALID_VALUE)
    DOVETAIL_STATUS(CL_INVALID_DEVICE_TYPE)
    DOVETAIL_STATUS(CL_INVALID_PLATFORM)
    DOVETAIL_STATUS(CL_INVALID_DEVICE)
    DOVETAIL_STATUS(CL_INVALID_CONTEXT)
    DOVETAIL_STATUS(CL_INVALID_QUEUE_PROPERTIES)
    DOVETAIL_STATUS(CL_INVALID_COMMAND_QUEUE)
    DOVETAIL_STATUS(CL_INVALID_HOST_PTR)
    DOVETAIL_STATUS(CL_INVALID_MEM_OBJECT)
    DOVETAIL_STATUS(CL_INVALID_BINARY)
    DOVETAIL_STATUS(CL_INVALID_BUILD_OPTIONS)
    DOVETAIL_STATUS(CL_INVALID_PROGRAM)
    DOVETAIL_STATUS(CL_INVALID_PROGRAM_EXECUTABLE)
    DOVETAIL_STATUS(CL_INVALID_KERNEL_NAME)
    DOVETAIL_STATUS(CL_INVALID_KERNEL_DEFINITION)
    DOVETAIL_STATUS(CL_INVALID_KERNEL)
    DOVETAIL_STATUS(CL_INVALID_ARG_INDEX)
    DOVETAIL_STATUS(CL_INVALID_ARG_VALUE)
    DOVETAIL_STATUS(CL_INVALID_ARG_SIZE)
    DOVETAIL_STATUS(CL_INVALID_KERNEL_ARGS)
    DOVETAIL_STATUS(CL_INVALID_WORK_DIMENSION)
    DOVETAIL_STATUS(CL_INVALID_WORK_GROUP_SIZE)
    DOVETAIL_STATUS(CL_INVALID_WORK_ITEM_SIZE)
    DOVETAIL_STATUS(CL_INVALID_GLOBAL_OFFSET)
    DOVETAIL_STATUS(CL_INVALID_EVENT_WAIT_LIST)
    DOVETAIL_STATUS(CL_INVALID_EVENT)
    DOVETAIL_STATUS(CL_INVALID_OPERATION)
    DOVETAIL_STATUS(CL_INVALID_BUFFER_SIZE)
    DOVETAIL_STATUS(CL_INVALID_GLOBAL_WORK_SIZE)
    DOVETAIL_STATUS(CL_INVALID_PROPERTY)
    DOVETAIL_STATUS(CL_INVALID_COMPILER_OPTIONS)
    DOVETAIL_STATUS(CL_INVALID_LINKER_OPTIONS)
    case -1001:
      return "CL_PLATFORM_NOT_FOUND_KHR";
    default:
      return "unknown OpenCL status";
  }
#undef DOVETAIL_STATUS
}

}  // namespace dovetail
