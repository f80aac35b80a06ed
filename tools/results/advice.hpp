// SPDX-License-Identifier: Apache-2.0
// What follows from the measurements, in sentences.
#pragma once

#include <vector>

#include "tools/results/results.hpp"

namespace dovetail::tool {

/// Returns findings from the rows that there are; each has the figures that it rests on. What noise
/// can make is no finding: see Change in tools/measure/spread.hpp.
std::vector<Advice> advise(const Results& results);

/// How the times of two backends relate over the shapes that both have.
struct BackendRatio {
  double mean = 0;                         ///< Geometric mean of baseline over backend.
  int shapes = 0, faster = 0, slower = 0;  ///< The others are within the noise.
  /// Returns `noise` unless the shapes beyond the noise agree, by a sign test, with the mean.
  Change change() const;
};

/// Compares a time of `backend` with that of `baseline`.
BackendRatio compare_backends(const std::vector<MatmulRow>& rows, std::string_view backend,
                              std::string_view baseline, Spread MatmulRow::*time);

}  // namespace dovetail::tool
