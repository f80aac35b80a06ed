// SPDX-License-Identifier: Apache-2.0
// How an element-wise operation goes over its operands, whatever their strides.
#pragma once

#include <CL/cl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "dovetail/core/export.hpp"
#include "dovetail/core/layout.hpp"
#include "dovetail/runtime/nd_range.hpp"
#include "lib/ops/common/device_traits.hpp"

namespace dovetail::detail {

/// How an operand moves along a row, by the numbers of kernels/pointwise/pointwise.h.
enum class RowStep : std::uint8_t { contiguous, scalar, strided, turned };

/// `Rows` of kernels/pointwise/pointwise.h, which explains the members.
struct PointwiseRows {
  struct Place {
    cl_long offset = 0;
    std::array<cl_long, Shape::max_rank> stride{};
  };
  std::array<cl_ulong, Shape::max_rank> size{};
  cl_ulong rows = 1, piece = 0, group = 1;
  cl_uint dimensions = 1, unused = 0;
  Place out, x, y;
};
static_assert(sizeof(PointwiseRows) == 8 * 12 + 3 * 8 * 9, "as the kernel lays it out");

/// What a kernel is compiled for.
struct PointwiseForm {
  std::array<RowStep, 3> steps{};  ///< Of out, x and y.
  std::uint8_t width = 1;          ///< Elements at a time.
  bool in_tiles = false;           ///< By kernels/pointwise/tiles.cl, not rows.cl.

  friend bool operator==(const PointwiseForm&, const PointwiseForm&) = default;
};

struct PointwisePlan {
  PointwiseForm form;
  PointwiseRows rows;
  NDRange range;
};

/// Plans an operation.
/// @param operands  Layouts of out, then of one or two operands, all of one shape with elements.
///                  `out` does not overlap itself.
/// @param element_nbytes  Bytes of the type that is computed with.
DOVETAIL_EXPORT PointwisePlan plan_pointwise(const DeviceTraits& device,
                                             std::span<const Layout> operands,
                                             std::size_t element_nbytes);

}  // namespace dovetail::detail
