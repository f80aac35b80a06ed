// SPDX-License-Identifier: Apache-2.0
// One operation of the scaling table, ready to be enqueued again and again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "dovetail/stream/stream.hpp"
#include "tools/scaling/cell.hpp"

namespace dovetail::tool {

/// A result that is wrong; the tool ends with exit code 1.
class VerificationFailed : public Error {
 public:
  using Error::Error;
};

/// An operation with data of its own, used by one thread at a time.
class Operation {
 public:
  virtual ~Operation() = default;

  /// Appends the operation to the stream's queue.
  virtual void enqueue(const Stream& stream) = 0;

  /// Whether one run, appended and waited for here, gives the right result.
  virtual bool verify(const Stream& stream) = 0;
};

/// For the raw path, which calls OpenCL as plain code does.
/// @throws OpenCLError  unless `status` is CL_SUCCESS.
void check_raw(cl_int status, const char* call);

/// The operations of one process: made at first use, verified, and kept.
class OperationTable {
 public:
  OperationTable(const Context& context, std::uint64_t seed) : context_(context), seed_(seed) {}

  /// The operation for a thread; `thread` counts from 0.
  /// @throws VerificationFailed  the operation's result is wrong.
  Operation& get(Path path, Work work, unsigned thread);

 private:
  Context context_;
  std::uint64_t seed_;
  std::map<std::tuple<Path, Work, unsigned>, std::unique_ptr<Operation>> operations_;
};

}  // namespace dovetail::tool
