// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/spread.hpp"

#include <algorithm>

namespace dovetail::tool {

Spread Spread::of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

Spread operator/(const Spread& a, const Spread& b) {
  return {a.min / b.max, a.median / b.median, a.max / b.min};
}

Change change(double ratio) {
  constexpr double noticeable = 1.15;
  if (ratio > noticeable) return Change::more;
  return ratio < 1 / noticeable ? Change::less : Change::noise;
}

Change change(const Spread& ratio) {
  const bool overlap = ratio.min <= 1 && ratio.max >= 1;
  return overlap ? Change::noise : change(ratio.median);
}

}  // namespace dovetail::tool
