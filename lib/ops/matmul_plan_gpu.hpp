// SPDX-License-Identifier: Apache-2.0
// How products are planned for GPUs, by limits rather than devices, so that plans for any GPU can
// be tested on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "lib/ops/matmul_choice.hpp"
#include "lib/ops/matmul_plan.hpp"

namespace dovetail::detail {

/// What a plan depends on of a GPU.
struct GpuLimits {
  std::uint32_t compute_units;
  std::size_t local_memory;  ///< Bytes per work-group.
  std::size_t max_work_group_size;
};

/// Exported for tests.
/// By rule: skinny.cl for few rows or columns, else tile.cl, else, where a GPU is too small for its
/// tiles, reference.cl.
DOVETAIL_EXPORT MatmulPlan plan_matmul_gpu(const GpuLimits& gpu, const MatmulSizes& sizes);

/// As for a device.
DOVETAIL_EXPORT std::optional<MatmulPlan> plan_choice_gpu(const GpuLimits& gpu,
                                                          const MatmulSizes& sizes,
                                                          std::string_view choice);

/// kernels/matmul/tile.cl: one of the tilings that it was measured with.
struct TileChoice {
  std::uint32_t rows = 0, columns = 0;            ///< Of a group's tile.
  std::uint32_t steps = 0;                        ///< Of k at a time.
  std::uint32_t item_rows = 0, item_columns = 0;  ///< Of a work-item's tile.
  std::uint32_t slices = 0;                       ///< Sets of work-items that share out the steps.
  std::uint32_t variant = 0;                      ///< Number of the tiling.
  std::uint32_t parts = 1;                        ///< Of k, each with groups of its own.

  friend bool operator==(const TileChoice&, const TileChoice&) = default;
  static constexpr std::string_view kernel = "tile";
  template <typename Self>
  static auto parameters(Self& c) {
    return std::to_array(
        {choice_parameter("rows", c.rows), choice_parameter("columns", c.columns),
         choice_parameter("steps", c.steps), choice_parameter("item_rows", c.item_rows),
         choice_parameter("item_columns", c.item_columns), choice_parameter("slices", c.slices),
         choice_parameter("variant", c.variant), choice_parameter("parts", c.parts)});
  }
};

/// kernels/matmul/skinny.cl.
struct SkinnyChoice {
  std::uint32_t parts = 1;  ///< Of k, each with groups of its own.

  static constexpr std::string_view kernel = "skinny";
  template <typename Self>
  static auto parameters(Self& c) {
    return std::to_array({choice_parameter("parts", c.parts)});
  }
};

/// The fastest by an estimate first, at most `most`; none where the GPU is too small for any.
std::vector<TileChoice> tile_choices(const GpuLimits& gpu, const MatmulSizes& sizes,
                                     std::size_t most);
std::optional<MatmulPlan> plan_tile(const GpuLimits& gpu, const MatmulSizes& sizes,
                                    const TileChoice& choice);
/// Nothing where tiles are as fast.
std::optional<SkinnyChoice> default_skinny(const GpuLimits& gpu, const MatmulSizes& sizes);
std::optional<MatmulPlan> plan_skinny(const GpuLimits& gpu, const MatmulSizes& sizes,
                                      const SkinnyChoice& choice);

constexpr std::uint64_t blocks(std::uint64_t size, std::uint64_t block) {
  return (size - 1) / block + 1;
}

/// Whether the operand can be read in vectors: its rows start and end at multiples of 4 elements.
inline bool takes_vectors_a(const MatmulSizes& s) {
  return s.is_a_aligned && (s.transpose_a ? s.m : s.k) % 4 == 0;
}
inline bool takes_vectors_b(const MatmulSizes& s) {
  return s.is_b_aligned && (s.transpose_b ? s.k : s.n) % 4 == 0;
}

/// Bytes of the numbers that products are added up in.
std::size_t sum_size(const MatmulSizes& sizes);

/// Steps of k per part, so that every part starts at a multiple of 32.
std::uint32_t steps_per_part(std::uint32_t k, std::uint32_t parts);

/// Completes a plan whose group id 1 is the part of k, each of `steps`.
MatmulPlan with_parts(MatmulPlan plan, std::uint32_t k, std::uint32_t steps);

}  // namespace dovetail::detail
