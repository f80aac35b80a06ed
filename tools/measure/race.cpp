// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/race.hpp"

#include <utility>

#include "tools/measure/effort.hpp"
#include "tools/measure/spread.hpp"

namespace dovetail::tool {

Runner::Runner(std::unique_ptr<Contender> contender, double seconds)
    : contender_(std::move(contender)) {
  sample();
  runs_ = runs_in_sample(seconds, 1e-6 * us_.front());
}

void Runner::sample() {
  contender_->enter();
  if (runs_ > 1) {
    warm_up([this] {
      contender_->enqueue();
      contender_->synchronize();
    });
  }
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs_; ++i) contender_->enqueue();
  const double enqueued = seconds_since(start);
  contender_->synchronize();
  us_.push_back(1e6 * seconds_since(start) / runs_);
  enqueue_us_.push_back(1e6 * enqueued / runs_);
  contender_->leave();
}

void Runner::forget_samples() {
  us_.clear();
  enqueue_us_.clear();
}

double Runner::median_us() const { return Spread::of(us_).median; }

}  // namespace dovetail::tool
