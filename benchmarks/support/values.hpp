// SPDX-License-Identifier: Apache-2.0
// Input data, and the comparison of results with what they should be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dovetail::bench {

/// `count` values in [-1, 1), the same for the same seed.
std::vector<float> random_values(std::size_t count, std::uint32_t seed);

/// Whether each value is within `tolerance` of its expected one, absolutely or relative to it.
bool all_close(std::span<const float> values, std::span<const double> expected, double tolerance);

}  // namespace dovetail::bench
