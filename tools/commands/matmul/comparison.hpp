// SPDX-License-Identifier: Apache-2.0
// The backends of `dovetail matmul`, compared over a list of shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/commands/matmul/shapes.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

struct ComparisonOptions {
  std::vector<MatmulShape> shapes;
  std::vector<std::string> backends;       ///< Names of matmul backends, or "openblas".
  std::vector<std::string> dtypes{"f32"};  ///< Of matmul_dtypes.
  bool quick = false;
  std::uint64_t seed = 1;
};

/// Returns the backends to compare: those given, or else the library's, and openblas where it is
/// installed.
/// @throws InvalidArgument  one is not available; the message names those that are.
std::vector<std::string> select_backends(const std::vector<std::string>& given = {});

/// Times each backend on each shape after verifying its result, and the device's peaks. Adds rows,
/// peaks, and what could not be measured, to `results`; it rejects a wrong result and does not time
/// it.
void run_comparison(const ComparisonOptions& options, Results& results);

}  // namespace dovetail::tool
