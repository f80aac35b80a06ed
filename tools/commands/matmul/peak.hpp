// SPDX-License-Identifier: Apache-2.0
// The most that the device does, to which fractions of peak and the roofline relate.
#pragma once

#include <memory>

#include "dovetail/stream/stream.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

/// Samples the rate of multiply-adds and the bandwidth of memory, between other measurements, so
/// that a drift of the machine's speed meets all alike.
class PeakMeter {
 public:
  /// Verifies the results of what it will time.
  /// @param quick  Shorter samples.
  /// @throws VerificationFailed  a result was wrong.
  PeakMeter(const Stream& stream, bool quick);
  ~PeakMeter();
  PeakMeter(const PeakMeter&) = delete;
  PeakMeter& operator=(const PeakMeter&) = delete;

  void sample_arithmetic();
  /// Samples the bandwidth. Allocates several hundred MiB of device memory, and frees them.
  /// @throws VerificationFailed  a result was wrong, the first time.
  void sample_memory();

  /// Returns the peaks over the samples taken, of which each kind needs at least one.
  Peak peak() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dovetail::tool
