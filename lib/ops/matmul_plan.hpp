// SPDX-License-Identifier: Apache-2.0
// Which of our matmul kernels runs a product, and how.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dovetail/core/device.hpp"
#include "dovetail/runtime/build_options.hpp"

namespace dovetail::detail {

/// The sizes of a product; see MatmulProblem. None is 0.
struct MatmulSizes {
  std::uint32_t m, n, k, batch;
  bool transpose_a, transpose_b;
};

/// A kernel of kernels/matmul, how it is built and how it is launched.
///
/// Its arguments are a, a_offset, b, b_offset, out, out_offset (offsets are ulong, in elements), m,
/// n, k (uint), then `extra` (uint).
struct MatmulPlan {
  std::string_view file, kernel;
  BuildOptions options;
  std::array<std::size_t, 3> global, local;
  std::array<std::uint32_t, 2> extra;
  std::size_t extra_count;
};

/// Chooses by the kind of device and by shape. A pure function, so that plans can be tested.
MatmulPlan plan_matmul(const Device& device, const MatmulSizes& sizes);

}  // namespace dovetail::detail
