// SPDX-License-Identifier: Apache-2.0
// What follows from the measurements, in sentences.
#pragma once

#include <vector>

#include "tools/results.hpp"

namespace dovetail::tool {

/// Findings from whatever rows are there; each names the figures that it rests on.
std::vector<Advice> advise(const Results& results);

/// Geometric mean of GFLOP/s of `backend` over those of `baseline`, on the shapes that both have; 0
/// if there is none.
double geometric_mean_ratio(const std::vector<MatmulRow>& rows, const std::string& backend,
                            const std::string& baseline);

}  // namespace dovetail::tool
