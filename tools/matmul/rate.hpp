// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "dovetail/stream/stream.hpp"

namespace dovetail::tool {

/// Something that is done again and again for as long as a sample takes.
class Rate {
 public:
  /// @param seconds  Aim of one sample.
  /// @param amount   Of what is counted, done by one launch.
  Rate(Stream stream, double seconds, double amount, std::function<void()> launch);

  /// Untimed launches come first.
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
