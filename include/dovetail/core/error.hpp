// SPDX-License-Identifier: Apache-2.0
// The exceptions that Dovetail throws.
#pragma once

#include <CL/cl.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "dovetail/core/export.hpp"
#include "dovetail/core/source_location.hpp"

namespace dovetail {

/// The base of all errors but InvalidArgument.
class DOVETAIL_EXPORT Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// A function cannot take an argument. The text names function, values or shapes, and remedy.
class DOVETAIL_EXPORT InvalidArgument : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
  ~InvalidArgument() override;
};

/// This machine has no OpenCL platform or device. The text says what to install.
class DOVETAIL_EXPORT NoDevice : public Error {
 public:
  using Error::Error;
  ~NoDevice() override;
};

/// A forked child uses OpenCL after its parent used it. The text names function and remedy.
class DOVETAIL_EXPORT ForkedProcess : public Error {
 public:
  using Error::Error;
  ~ForkedProcess() override;
};

/// An OpenCL call, or a command on a queue, failed.
class DOVETAIL_EXPORT OpenCLError : public Error {
 public:
  /// Makes an error whose text names the call, the status and the place.
  /// @param code    The OpenCL status, such as CL_INVALID_VALUE.
  /// @param call    The entry point that returned it, such as "clEnqueueNDRangeKernel".
  /// @param where   The place of the call in the library.
  /// @param detail  What the library was doing; may be empty.
  OpenCLError(cl_int code, std::string_view call, SourceLocation where,
              std::string_view detail = {});
  ~OpenCLError() override;

  cl_int code() const noexcept { return code_; }              ///< Returns the OpenCL status.
  const std::string& call() const noexcept { return call_; }  ///< Returns the entry point.
  /// Returns where the call was made.
  const SourceLocation& where() const noexcept { return where_; }

 private:
  cl_int code_;
  std::string call_;
  SourceLocation where_;
};

/// The device or the host has too little memory.
class DOVETAIL_EXPORT OutOfMemory : public OpenCLError {
 public:
  using OpenCLError::OpenCLError;
  ~OutOfMemory() override;
};

/// An enqueued command failed, or depends on one that failed. The text names the stream and, if the
/// driver reports it, the command.
class DOVETAIL_EXPORT CommandError : public OpenCLError {
 public:
  using OpenCLError::OpenCLError;
  ~CommandError() override;
};

/// A wait exceeded its time limit. The text ends with the list of who waits for whom.
class DOVETAIL_EXPORT TimedOut : public Error {
 public:
  using Error::Error;
  ~TimedOut() override;
};

/// The call is not allowed during capture, the capture cannot be completed, or a result is used
/// before its recording was replayed. The text names the remedy.
class DOVETAIL_EXPORT CaptureError : public Error {
 public:
  using Error::Error;
  ~CaptureError() override;
};

/// A program does not build. The text quotes the source where the log points, and has the log.
class DOVETAIL_EXPORT BuildError : public OpenCLError {
 public:
  /// Makes an error for a program of this name.
  /// @param source  The program's text, which the error quotes; may be empty.
  BuildError(cl_int code, std::string_view program, std::string options, std::string log,
             SourceLocation where, std::string_view source = {});
  ~BuildError() override;

  const std::string& log() const noexcept { return log_; }  ///< Returns the compiler's output.
  /// Returns the options of the build.
  const std::string& options() const noexcept { return options_; }
  /// Returns the lines that the log's first three errors point at, each between two lines of
  /// context and with a caret below the column. Empty if the log names no place in the source.
  const std::string& quotes() const noexcept { return quotes_; }

 private:
  struct Quotes {
    std::string text;
  };
  BuildError(cl_int code, std::string_view program, SourceLocation where, std::string&& options,
             std::string&& log, Quotes quotes);

  std::string options_;
  std::string log_;
  std::string quotes_;
};

/// A vendor library's routine failed or is missing.
class DOVETAIL_EXPORT VendorError : public Error {
 public:
  /// Makes an error whose text names the routine, the status and the detail.
  /// @param routine  The library and its routine, such as "CLBlast Gemm".
  /// @param status   The library's own status code.
  VendorError(std::string_view routine, int status, std::string_view detail);
  ~VendorError() override;

  /// Returns library and routine.
  const std::string& routine() const noexcept { return routine_; }
  int status() const noexcept { return status_; }  ///< Returns the library's status code.

 private:
  std::string routine_;
  int status_;
};

/// Returns the name of an OpenCL status: "CL_OUT_OF_RESOURCES" for -5.
DOVETAIL_EXPORT std::string_view status_name(cl_int status) noexcept;

}  // namespace dovetail
