// SPDX-License-Identifier: Apache-2.0
#include "tools/matmul/rate.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tools/matmul/warm_up.hpp"

namespace dovetail::tool {

using Clock = std::chrono::steady_clock;

Rate::Rate(Stream stream, double seconds, double amount, std::function<void()> launch)
    : stream_(std::move(stream)), amount_(amount), launch_(std::move(launch)) {
  time(1);  // touches all there is to touch
  const double each = time(1);
  launches_ = static_cast<int>(std::clamp(seconds / each, 1.0, 1000.0));
}

void Rate::sample() {
  warm_up([this] { time(1); });
  per_s_.push_back(amount_ * launches_ / time(launches_));
}

double Rate::time(int launches) {
  stream_.synchronize();
  const auto start = Clock::now();
  for (int i = 0; i < launches; ++i) launch_();
  stream_.synchronize();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace dovetail::tool
