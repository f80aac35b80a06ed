// SPDX-License-Identifier: Apache-2.0
// A framework that records work and enqueues it later, on a queue that it shares with Dovetail.
#pragma once

#include <CL/cl.h>

#include <functional>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/stream/peer.hpp"

namespace dovetail::test {

/// Holds back all that it is given until `submit()`.
class LazyPeer : public Peer {
 public:
  using Work = std::function<void(cl_command_queue)>;

  explicit LazyPeer(cl_command_queue queue) : queue_(queue) {}

  void record(Work work) {
    const std::scoped_lock lock(mutex_);
    held_back_.push_back(std::move(work));
    ++frontiers_.recorded;
  }

  std::string_view name() const noexcept override { return "lazy peer"; }
  PeerFrontiers frontiers() const noexcept override {
    const std::scoped_lock lock(mutex_);
    return frontiers_;
  }
  void submit() override {
    const std::scoped_lock lock(mutex_);
    for (const Work& work : held_back_) work(queue_);
    held_back_.clear();
    frontiers_.enqueued = frontiers_.recorded;
    ++submits_;
  }

  /// How often it was told to submit.
  int submits() const {
    const std::scoped_lock lock(mutex_);
    return submits_;
  }

 private:
  const cl_command_queue queue_;
  mutable std::mutex mutex_;
  std::vector<Work> held_back_;
  PeerFrontiers frontiers_;
  int submits_ = 0;
};

}  // namespace dovetail::test
