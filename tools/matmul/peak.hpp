// SPDX-License-Identifier: Apache-2.0
// The most that the device does: what fractions of peak and the roofline relate to.
#pragma once

#include <memory>

#include "dovetail/stream/stream.hpp"
#include "tools/results.hpp"

namespace dovetail::tool {

/// Samples the rate of multiply-adds and the bandwidth of memory, between other measurements, so
/// that a drift of the machine's speed meets all alike.
class PeakMeter {
 public:
  /// Verifies what it is going to time.
  /// @param quick  Shorter samples.
  /// @throws VerificationFailed  a result was wrong.
  PeakMeter(const Stream& stream, bool quick);
  ~PeakMeter();
  PeakMeter(const PeakMeter&) = delete;
  PeakMeter& operator=(const PeakMeter&) = delete;

  void sample_arithmetic();
  /// Takes several hundred MiB of device memory, and gives it back.
  /// @throws VerificationFailed  a result was wrong, the first time.
  void sample_memory();

  /// Over the samples taken, at least one of each kind.
  Peak peak() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dovetail::tool
