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

/// Base of every error that arises while running; bad arguments are InvalidArgument instead.
class DOVETAIL_EXPORT Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// An argument that the called function refuses. The text names the function, the values or shapes,
/// and the remedy.
class DOVETAIL_EXPORT InvalidArgument : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
  ~InvalidArgument() override;
};

/// No OpenCL platform or device on this machine. The text says what to install.
class DOVETAIL_EXPORT NoDevice : public Error {
 public:
  using Error::Error;
  ~NoDevice() override;
};

/// OpenCL in the child of a process that had used it before it forked. The text names the function
/// and the remedy.
class DOVETAIL_EXPORT ForkedProcess : public Error {
 public:
  using Error::Error;
  ~ForkedProcess() override;
};

/// An OpenCL call, or a command on a queue, that failed.
class DOVETAIL_EXPORT OpenCLError : public Error {
 public:
  /// @param code   The OpenCL status, such as CL_INVALID_VALUE.
  /// @param call   The entry point that returned it, such as "clEnqueueNDRangeKernel".
  /// @param where  Where the library made the call.
  /// @param detail What the call was for; may be empty.
  OpenCLError(cl_int code, std::string_view call, SourceLocation where,
              std::string_view detail = {});
  ~OpenCLError() override;

  cl_int code() const noexcept { return code_; }
  const std::string& call() const noexcept { return call_; }
  const SourceLocation& where() const noexcept { return where_; }

 private:
  cl_int code_;
  std::string call_;
  SourceLocation where_;
};

/// Device or host memory ran out.
class DOVETAIL_EXPORT OutOfMemory : public OpenCLError {
 public:
  using OpenCLError::OpenCLError;
  ~OutOfMemory() override;
};

/// A command that was enqueued and then failed, or that depends on one which did. The text names
/// the stream and, as far as the driver lets it be told, the command.
class DOVETAIL_EXPORT CommandError : public OpenCLError {
 public:
  using OpenCLError::OpenCLError;
  ~CommandError() override;
};

/// A wait that was not over in the time it was given. The text ends with who waits for whom.
class DOVETAIL_EXPORT TimedOut : public Error {
 public:
  using Error::Error;
  ~TimedOut() override;
};

/// A call that a stream which captures cannot take, a capture that cannot end, or a use of results
/// that were recorded and never submitted. The text names the remedy.
class DOVETAIL_EXPORT CaptureError : public Error {
 public:
  using Error::Error;
  ~CaptureError() override;
};

/// A program that did not build. The text quotes the source where the log points at it, and ends
/// with the log.
class DOVETAIL_EXPORT BuildError : public OpenCLError {
 public:
  /// @param source  The program's text, for the quotes; may be empty.
  BuildError(cl_int code, std::string_view program, std::string options, std::string log,
             SourceLocation where, std::string_view source = {});
  ~BuildError() override;

  /// The compiler's output.
  const std::string& log() const noexcept { return log_; }
  /// The options that the program was built with.
  const std::string& options() const noexcept { return options_; }
  /// The lines that the log's first three errors point at, with two lines around each and a caret
  /// below the column. Empty if the log names no place in the source.
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

/// A vendor library's routine that failed or is not there.
class DOVETAIL_EXPORT VendorError : public Error {
 public:
  /// @param routine  The library and its routine, such as "CLBlast Gemm".
  /// @param status   The library's own status code.
  VendorError(std::string_view routine, int status, std::string_view detail);
  ~VendorError() override;

  const std::string& routine() const noexcept { return routine_; }
  int status() const noexcept { return status_; }

 private:
  std::string routine_;
  int status_;
};

/// The name of an OpenCL status: -5 is "CL_OUT_OF_RESOURCES".
DOVETAIL_EXPORT std::string_view status_name(cl_int status) noexcept;

}  // namespace dovetail
