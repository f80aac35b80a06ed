// SPDX-License-Identifier: Apache-2.0
// The rate of something that is launched again and again.
#pragma once

#include <functional>
#include <vector>

#include "dovetail/stream/stream.hpp"

namespace dovetail::tool {

/// Times launches in samples.
class Rate {
 public:
  /// @param seconds  Aim of one sample.
  /// @param amount   Of what is counted, done by one launch.
  Rate(Stream stream, double seconds, double amount, std::function<void()> launch);

  /// Takes a sample, after untimed launches.
  void sample();
  /// One number for each sample.
  const std::vector<double>& per_s() const { return per_s_; }

 private:
  double time(int launches);

  Stream stream_;
  double amount_;
  std::function<void()> launch_;
  int launches_ = 1;
  std::vector<double> per_s_;
};

}  // namespace dovetail::tool
