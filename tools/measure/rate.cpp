// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/rate.hpp"

#include <utility>

#include "tools/measure/effort.hpp"

namespace dovetail::tool {

Rate::Rate(Stream stream, double seconds, double amount, std::function<void()> launch)
    : stream_(std::move(stream)), amount_(amount), launch_(std::move(launch)) {
  time(1);  // touches all there is to touch
  launches_ = runs_in_sample(seconds, time(1));
}

void Rate::sample() {
  warm_up([this] { time(1); });
  per_s_.push_back(amount_ * launches_ / time(launches_));
}

double Rate::time(int launches) {
  stream_.synchronize();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < launches; ++i) launch_();
  stream_.synchronize();
  return seconds_since(start);
}

}  // namespace dovetail::tool
