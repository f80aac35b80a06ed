// SPDX-License-Identifier: Apache-2.0
// A framework that batches lazily, for random programs.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "dovetail/stream/peer.hpp"
#include "tests/oracles/model_step.hpp"

namespace dovetail::test {

/// Holds steps back until submit().
class ModelPeer : public Peer {
 public:
  ModelPeer(const StepKernel& kernel, cl_command_queue queue) : kernel_(kernel), queue_(queue) {}

  void record(Buffer out, const Step& step) {
    const std::scoped_lock lock(mutex_);
    held_.emplace_back(std::move(out), step);
    ++frontiers_.recorded;
  }

  std::string_view name() const noexcept override { return "model"; }
  PeerFrontiers frontiers() const noexcept override {
    const std::scoped_lock lock(mutex_);
    return frontiers_;
  }
  void submit() override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [out, step] : held_) kernel_.enqueue_raw(queue_, out, step);
    held_.clear();
    frontiers_.enqueued = frontiers_.recorded;
  }

 private:
  const StepKernel& kernel_;
  cl_command_queue queue_;
  mutable std::mutex mutex_;
  std::vector<std::pair<Buffer, Step>> held_;
  PeerFrontiers frontiers_;
};

}  // namespace dovetail::test
