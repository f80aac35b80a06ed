// SPDX-License-Identifier: Apache-2.0
// Points: places in the order of a stream.
#pragma once

#include <compare>
#include <cstdint>

namespace dovetail {

/// What a stream had been given up to one moment: 16 bytes, and no OpenCL object.
///
/// A stream numbers the work that it is given through Dovetail: 1, 2, 3, ... The point with ticket
/// t is reached when all work up to number t is done.
struct Point {
  std::uint64_t stream = 0;  ///< `Stream::id()`.
  std::uint64_t ticket = 0;  ///< 0 lies before all work.

  friend constexpr auto operator<=>(const Point&, const Point&) = default;
};

}  // namespace dovetail
