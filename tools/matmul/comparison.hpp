// SPDX-License-Identifier: Apache-2.0
// `dovetail matmul`: every backend over a list of shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/matmul/shapes.hpp"
#include "tools/results.hpp"

namespace dovetail::tool {

struct ComparisonOptions {
  std::vector<MatmulShape> shapes;
  std::vector<std::string> backends;       ///< Names of matmul backends, or "openblas".
  std::vector<std::string> dtypes{"f32"};  ///< Of matmul_dtypes.
  bool quick = false;
  std::uint64_t seed = 1;
};

/// The backends that can run here: the library's, and openblas where it is installed.
std::vector<std::string> available_backends();

/// Times each backend on each shape after verifying its result, and the device's peaks; adds rows,
/// peaks, and what could not be measured, to `results`. A wrong result is not timed and sets
/// `results.verified` to false.
void run_comparison(const ComparisonOptions& options, Results& results);

}  // namespace dovetail::tool
