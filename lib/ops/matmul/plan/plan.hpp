// SPDX-License-Identifier: Apache-2.0
// Which of our matmul kernels runs a product, and how.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/runtime/build_options.hpp"
#include "lib/ops/common/device_traits.hpp"
#include "lib/ops/common/launch_geometry.hpp"
#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {

/// A kernel of kernels/matmul, how it is built and how it is launched. kernels/matmul/problem.h
/// explains its arguments.
struct MatmulPlan {
  std::string_view file, kernel;
  BuildOptions options;
  std::array<std::size_t, 3> global, local;
  /// Not 0: the kernel writes that many partial sums, [parts, batch, m, n] in the type that
  /// products are added up in, to a workspace, and another one adds them up and applies the
  /// epilogue. The options then are those of such a kernel: OUT is that type, and EPILOGUE is 0.
  std::uint32_t parts = 0;
  std::uint32_t part_steps = 0;        ///< Steps of k per part; 0 for all.
  std::uint32_t results_per_item = 0;  ///< For gemv.cl.
};

/// Returns the options that all kernels take: transposes, types, epilogue.
DOVETAIL_EXPORT BuildOptions matmul_options(const MatmulSizes& sizes);
/// Returns the options of a kernel that writes partial sums.
BuildOptions matmul_part_options(const MatmulSizes& sizes);

// A choice says as text how a product is run: a kernel, a variant and parameters, such as
// "tile 64x32s4 parts=1". These are pure functions, so that plans for any device can be tested.

/// Returns the choice by rule.
DOVETAIL_EXPORT std::string default_choice(const DeviceTraits& device, const MatmulSizes& sizes);
/// Returns those that are worth timing, each once, the one by rule first.
DOVETAIL_EXPORT std::vector<std::string> choices(const DeviceTraits& device,
                                                 const MatmulSizes& sizes);
/// Returns nothing if the text is no choice, or these sizes cannot run so on the device.
DOVETAIL_EXPORT std::optional<MatmulPlan> plan_choice(const DeviceTraits& device,
                                                      const MatmulSizes& sizes,
                                                      std::string_view choice);
/// Returns whether any product on any device could run so.
bool is_choice(std::string_view text);

MatmulPlan plan_reference(const MatmulSizes& sizes);

/// Returns how op(b) lies when it is packed: in panels (cpu.hpp) on a CPU, else row by row.
MatrixLayout packed_layout(const DeviceTraits& device, const MatmulSizes& sizes);
/// Returns the bytes that it takes.
DOVETAIL_EXPORT std::size_t packed_nbytes(const DeviceTraits& device, const MatmulSizes& sizes);
/// Packs op(b): of `sizes` n, k, batch, transpose_b and in matter. Arguments: b, packed, problem.
DOVETAIL_EXPORT MatmulPlan plan_pack(const DeviceTraits& device, const MatmulSizes& sizes);

}  // namespace dovetail::detail
