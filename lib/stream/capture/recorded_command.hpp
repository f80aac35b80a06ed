// SPDX-License-Identifier: Apache-2.0
// A piece of work that was captured instead of enqueued.
#pragma once

#include <CL/cl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/stream/submit/tracked_use.hpp"

namespace dovetail::detail {

class CommandBuffer;

/// Work that can be enqueued any number of times; holds what it needs for that.
class RecordedCommand {
 public:
  explicit RecordedCommand(std::string name) : name_(std::move(name)) {}
  RecordedCommand(const RecordedCommand&) = delete;
  RecordedCommand& operator=(const RecordedCommand&) = delete;
  virtual ~RecordedCommand() = default;

  /// Such as "kernel 'scale'".
  const std::string& name() const noexcept { return name_; }
  /// All memory that it touches, which it keeps alive.
  const std::vector<TrackedUse>& uses() const noexcept { return uses_; }
  /// Whether it must keep its order with a command that uses memory so.
  bool conflicts(const TrackedUse& use) const noexcept {
    return std::ranges::any_of(uses_, [&](const TrackedUse& own) { return is_conflict(own, use); });
  }

  /// Returns OpenCL's status.
  virtual cl_int enqueue(cl_command_queue queue) const = 0;
  virtual void add_to(CommandBuffer& buffer) const = 0;

 protected:
  void set_uses(std::vector<TrackedUse> uses) { uses_ = std::move(uses); }

 private:
  std::string name_;
  std::vector<TrackedUse> uses_;
};

/// Work on its way into a queue that can be captured instead.
class Recordable {
 public:
  virtual std::unique_ptr<RecordedCommand> record() = 0;

 protected:
  ~Recordable() = default;
};

}  // namespace dovetail::detail
