// SPDX-License-Identifier: Apache-2.0
// One operation of the scaling table, ready to be enqueued again and again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>

#include "dovetail/core/context.hpp"
#include "dovetail/stream/stream.hpp"
#include "tools/commands/scaling/cell.hpp"

namespace dovetail::tool {

/// An operation with data of its own, used by one thread at a time.
class Operation {
 public:
  virtual ~Operation() = default;

  /// Enqueues the operation.
  virtual void enqueue(const Stream& stream) = 0;

  /// Enqueues one run, waits for it, and returns whether its result is right.
  virtual bool verify(const Stream& stream) = 0;
};

/// The operations of one process, each made and verified at its first use.
class OperationTable {
 public:
  OperationTable(const Context& context, std::uint64_t seed) : context_(context), seed_(seed) {}

  /// Returns the operation of a thread; `thread` counts from 0.
  /// @throws VerificationFailed  the operation's result is wrong.
  Operation& get(Path path, Work work, unsigned thread);

 private:
  std::unique_ptr<Operation> make(Path path, Work work) const;

  Context context_;
  std::uint64_t seed_;
  std::map<std::tuple<Path, Work, unsigned>, std::unique_ptr<Operation>> operations_;
};

}  // namespace dovetail::tool
