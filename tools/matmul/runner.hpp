// SPDX-License-Identifier: Apache-2.0
// Times a contender in samples, to be taken in turns with those of others.
#pragma once

#include <memory>
#include <vector>

#include "tools/matmul/contender.hpp"

namespace dovetail::tool {

/// A contender, and the microseconds that its products took.
class Runner {
 public:
  /// Takes a first sample, of a single product, which tells how many make each one from then on.
  /// @param seconds  Aim of one sample: as many products in a row as fill it, 1000 at most.
  Runner(std::unique_ptr<Contender> contender, double seconds);

  /// Untimed products come first, unless a single one fills a sample.
  void sample();
  void forget_samples();

  /// One number for each sample: per product, until all are done, and until all are enqueued.
  const std::vector<double>& us() const noexcept { return us_; }
  const std::vector<double>& enqueue_us() const noexcept { return enqueue_us_; }
  double median_us() const;

 private:
  std::unique_ptr<Contender> contender_;
  int products_ = 1;  // of a sample
  std::vector<double> us_, enqueue_us_;
};

}  // namespace dovetail::tool
