// SPDX-License-Identifier: Apache-2.0
// Measurements that were repeated, and what may be said of two of them.
#pragma once

#include <vector>

namespace dovetail::tool {

/// Smallest, middle and largest of some measurements.
struct Spread {
  double min = 0, median = 0, max = 0;

  /// @param values  At least one.
  static Spread of(std::vector<double> values);
};

/// Returns the ratio of the medians, and the extreme ratios of any two measurements.
Spread operator/(const Spread& a, const Spread& b);

/// What a ratio of two measurements says.
enum class Change { less, noise, more };

/// Returns `noise` if the two spreads overlap, or if the medians differ by less than 15 %: a shared
/// machine makes that much.
Change change(const Spread& ratio);
Change change(double ratio);

}  // namespace dovetail::tool
