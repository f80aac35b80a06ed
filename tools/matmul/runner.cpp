// SPDX-License-Identifier: Apache-2.0
#include "tools/matmul/runner.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tools/matmul/warm_up.hpp"
#include "tools/results.hpp"

namespace dovetail::tool {
namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

}  // namespace

Runner::Runner(std::unique_ptr<Contender> contender, double seconds)
    : contender_(std::move(contender)) {
  sample();
  products_ = static_cast<int>(std::clamp(1e6 * seconds / us_.front(), 1.0, 1000.0));
}

void Runner::sample() {
  contender_->enter();
  if (products_ > 1) {
    warm_up([this] {
      contender_->enqueue();
      contender_->synchronize();
    });
  }
  const auto start = Clock::now();
  for (int i = 0; i < products_; ++i) contender_->enqueue();
  const double enqueued = us_since(start);
  contender_->synchronize();
  us_.push_back(us_since(start) / products_);
  enqueue_us_.push_back(enqueued / products_);
  contender_->leave();
}

void Runner::forget_samples() {
  us_.clear();
  enqueue_us_.clear();
}

double Runner::median_us() const { return Spread::of(us_).median; }

}  // namespace dovetail::tool
