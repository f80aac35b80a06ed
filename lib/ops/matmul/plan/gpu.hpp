// SPDX-License-Identifier: Apache-2.0
// The kernels for GPUs, and what can be chosen about them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"
#include "lib/ops/matmul/plan/choice.hpp"
#include "lib/ops/matmul/plan/plan.hpp"

namespace dovetail::detail {

/// kernels/matmul/gpu/tile.cl: one of the tilings that it was measured with.
struct TileChoice {
  std::string_view tiling;  ///< Its name, such as "64x32s4"; see tile.cpp.
  std::uint32_t parts = 1;  ///< Of k, each with groups of its own.
};
std::string text_of(const TileChoice& choice);
template <>
std::optional<TileChoice> choice_from<TileChoice>(std::string_view text);

/// kernels/matmul/gpu/skinny.cl.
struct SkinnyChoice {
  std::uint32_t parts = 1;  ///< Of k, each with groups of its own.

  static constexpr std::string_view kernel = "skinny";
  template <typename Self>
  static auto parameters(Self& c) {
    return std::to_array({choice_parameter("parts", c.parts)});
  }
};

/// Returns the fastest by an estimate first, at most `most`; none where the GPU is too small for
/// any.
std::vector<TileChoice> tile_choices(const DeviceTraits& gpu, const MatmulSizes& sizes,
                                     std::size_t most);
std::optional<MatmulPlan> plan_tile(const DeviceTraits& gpu, const MatmulSizes& sizes,
                                    const TileChoice& choice);
/// Returns nothing where tiles are as fast.
std::optional<SkinnyChoice> default_skinny(const DeviceTraits& gpu, const MatmulSizes& sizes);
std::optional<MatmulPlan> plan_skinny(const DeviceTraits& gpu, const MatmulSizes& sizes,
                                      const SkinnyChoice& choice);

std::string default_choice_gpu(const DeviceTraits& gpu, const MatmulSizes& sizes);
std::vector<std::string> choices_gpu(const DeviceTraits& gpu, const MatmulSizes& sizes);
std::optional<MatmulPlan> plan_choice_gpu(const DeviceTraits& gpu, const MatmulSizes& sizes,
                                          std::string_view choice);

/// Returns whether the operand can be read in vectors: its rows start and end at multiples of 4
/// elements.
inline bool takes_vectors_a(const MatmulSizes& s) {
  return s.is_a_aligned && (s.transpose_a ? s.m : s.k) % 4 == 0;
}
inline bool takes_vectors_b(const MatmulSizes& s) {
  return s.is_b_aligned && (s.transpose_b ? s.k : s.n) % 4 == 0;
}

/// Returns the bytes of the numbers that products are added up in.
std::size_t sum_size(const MatmulSizes& sizes);

/// Returns the steps of k per part, so that every part starts at a multiple of 32.
std::uint32_t steps_per_part(std::uint32_t k, std::uint32_t parts);

/// Completes a plan whose group id 1 is the part of k, each of `steps`.
MatmulPlan with_parts(MatmulPlan plan, std::uint32_t k, std::uint32_t steps);

}  // namespace dovetail::detail
