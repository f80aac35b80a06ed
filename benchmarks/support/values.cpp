// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/values.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace dovetail::bench {

std::vector<float> random_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  // A grid that floats hold exactly.
  for (float& value : values) value = static_cast<float>(random() >> 8) * 0x1p-23f - 1.0f;
  return values;
}

bool all_close(std::span<const float> values, std::span<const double> expected, double tolerance) {
  return std::ranges::equal(values, expected, [&](double value, double wanted) {
    return std::abs(value - wanted) <= tolerance * std::max(1.0, std::abs(wanted));
  });
}

}  // namespace dovetail::bench
