// SPDX-License-Identifier: Apache-2.0
// Points: places in the order of a stream.
#pragma once

#include <compare>
#include <cstdint>

namespace dovetail {

/// The progress of a stream at one moment, in 16 bytes and without an OpenCL object.
///
/// A stream numbers the work that it receives through Dovetail: 1, 2, 3, ... The point with ticket
/// t is reached when all work up to number t is done.
struct Point {
  std::uint64_t stream = 0;  ///< `Stream::id()`.
  std::uint64_t ticket = 0;  ///< 0 lies before all work.

  friend constexpr auto operator<=>(const Point&, const Point&) = default;
};

}  // namespace dovetail
