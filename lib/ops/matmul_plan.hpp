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

#include "dovetail/core/device.hpp"
#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/runtime/build_options.hpp"

namespace dovetail::detail {

/// What a plan depends on; see MatmulProblem. No size is 0.
struct MatmulSizes {
  std::uint32_t m, n, k, batch;
  bool transpose_a = false, transpose_b = false;
  DType in = DType::f32, out = DType::f32;
  bool has_epilogue = false;
  bool is_b_packed = false;  ///< b holds panels; transpose_b does not matter.
  /// Offset, rows and matrices of the operand all start at multiples of 4 elements, and the
  /// buffer's own alignment is the driver's, so its elements can be read in fours.
  bool is_a_aligned = true, is_b_aligned = true, is_out_aligned = true;

  friend bool operator==(const MatmulSizes&, const MatmulSizes&) = default;
  std::size_t hash() const noexcept;
};

/// A kernel of kernels/matmul, how it is built and how it is launched. Its arguments are told in
/// kernels/matmul/problem.h.
struct MatmulPlan {
  std::string_view file, kernel;
  BuildOptions options;
  std::array<std::size_t, 3> global, local;
  std::array<std::uint32_t, 3> share{};  ///< `share` of the problem.
  /// Not 0: the kernel writes that many partial sums, [parts, batch, m, n] in the type that
  /// products are added up in, to a workspace, and another one adds them up and applies the
  /// epilogue. The options then are those of such a kernel: OUT is that type, and EPILOGUE is 0.
  std::uint32_t parts = 0;
};

/// The options that all kernels take: transposes, types, epilogue.
DOVETAIL_EXPORT BuildOptions matmul_options(const MatmulSizes& sizes);
/// The same of a kernel that writes partial sums.
BuildOptions matmul_part_options(const MatmulSizes& sizes);

/// How a product is run, as text: a kernel and its parameters, such as "tile bm=128 bn=128". Each
/// family of kernels has its own; these take that of the device. Pure functions, so that plans can
/// be tested.
///
/// The choice by rule.
std::string default_choice(const Device& device, const MatmulSizes& sizes);
/// Those that are worth timing, each once, the one by rule first.
std::vector<std::string> choices(const Device& device, const MatmulSizes& sizes);
/// Nothing if the text is none, or these sizes cannot run so on this device.
std::optional<MatmulPlan> plan_choice(const Device& device, const MatmulSizes& sizes,
                                      std::string_view choice);

/// The multiple of `to` that a size, rounded up, is.
constexpr std::size_t round_up(std::size_t size, std::size_t to) {
  return (size + to - 1) / to * to;
}

MatmulPlan plan_reference(const MatmulSizes& sizes);

/// What a plan depends on of a CPU: limits rather than a device, so that plans for any CPU can be
/// tested on every machine.
struct CpuLimits {
  std::uint32_t compute_units;
  std::size_t local_memory;  ///< Bytes per work-group.
  std::uint32_t native_float_vector_width;
};
DOVETAIL_EXPORT CpuLimits cpu_limits(const Device& device);

/// The same of the kernels for CPUs, such as "panel swap=0 vectors=2 rows=8 kc=2048 steps=2048
/// items=8 in_place=0 parts=1", the default among those worth timing.
DOVETAIL_EXPORT std::string default_choice_cpu(const CpuLimits& cpu, const MatmulSizes& sizes);
DOVETAIL_EXPORT std::vector<std::string> choices_cpu(const CpuLimits& cpu,
                                                     const MatmulSizes& sizes);
DOVETAIL_EXPORT std::optional<MatmulPlan> plan_choice_cpu(const CpuLimits& cpu,
                                                          const MatmulSizes& sizes,
                                                          std::string_view choice);
/// The same of the kernels for all other devices.
DOVETAIL_EXPORT std::string default_choice_gpu(const Device& device, const MatmulSizes& sizes);
DOVETAIL_EXPORT std::vector<std::string> choices_gpu(const Device& device,
                                                     const MatmulSizes& sizes);
DOVETAIL_EXPORT std::optional<MatmulPlan> plan_choice_gpu(const Device& device,
                                                          const MatmulSizes& sizes,
                                                          std::string_view choice);

/// Columns of a panel of op(b) packed once; see kernels/matmul/pack.cl.
DOVETAIL_EXPORT std::uint32_t packed_panel_width(const CpuLimits& cpu, DType in, std::uint32_t n);
/// Factors that op(b) takes when packed: of sum_dtype(in), but float32 for int8.
DOVETAIL_EXPORT std::size_t packed_size(const CpuLimits& cpu, const MatmulSizes& sizes);
/// Packs op(b): of `sizes` n, k, batch, transpose_b and in matter. Arguments: b, packed, problem.
DOVETAIL_EXPORT MatmulPlan plan_pack_cpu(const CpuLimits& cpu, const MatmulSizes& sizes);
/// The product with op(b) packed, for any m; transpose_b does not matter.
DOVETAIL_EXPORT MatmulPlan plan_packed_cpu(const CpuLimits& cpu, const MatmulSizes& sizes);

}  // namespace dovetail::detail
