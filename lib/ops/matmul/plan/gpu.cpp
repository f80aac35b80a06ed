// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/plan/gpu.hpp"

#include <algorithm>

#include "lib/ops/matmul/problem/arguments.hpp"

namespace dovetail::detail {

std::size_t sum_size(const MatmulSizes& s) { return size_of(sum_dtype(s.in)); }

std::uint32_t steps_per_part(std::uint32_t k, std::uint32_t parts) {
  return static_cast<std::uint32_t>(blocks<std::uint64_t>(blocks<std::uint64_t>(k, parts), 32) *
                                    32);
}

MatmulPlan with_parts(MatmulPlan plan, std::uint32_t k, std::uint32_t steps) {
  const auto parts = static_cast<std::uint32_t>(blocks<std::uint64_t>(k, steps));
  plan.global[1] = parts;
  plan.part_steps = steps;
  plan.parts = parts == 1 ? 0 : parts;
  return plan;
}

std::string default_choice_gpu(const DeviceTraits& gpu, const MatmulSizes& s) {
  if (const auto skinny = default_skinny(gpu, s)) return text_of(*skinny);
  const auto tiles = tile_choices(gpu, s, 1);
  return tiles.empty() ? std::string(reference_choice) : text_of(tiles.front());
}

std::vector<std::string> choices_gpu(const DeviceTraits& gpu, const MatmulSizes& s) {
  std::vector<std::string> choices{default_choice_gpu(gpu, s)};
  const auto add = [&](const std::string& choice) {
    if (std::ranges::find(choices, choice) == choices.end() && plan_choice(gpu, s, choice)) {
      choices.push_back(choice);
    }
  };
  if (const auto skinny = default_skinny(gpu, s)) {
    for (const std::uint32_t parts : {1U, skinny->parts / 2, skinny->parts * 2, 4U, 16U}) {
      add(text_of(SkinnyChoice{.parts = parts}));
    }
  }
  constexpr std::size_t most_tiles = 16;
  for (const TileChoice& tile : tile_choices(gpu, s, most_tiles)) add(text_of(tile));
  return choices;
}

std::optional<MatmulPlan> plan_choice_gpu(const DeviceTraits& gpu, const MatmulSizes& s,
                                          std::string_view choice) {
  if (const auto tile = choice_from<TileChoice>(choice)) return plan_tile(gpu, s, *tile);
  if (const auto skinny = choice_from<SkinnyChoice>(choice)) return plan_skinny(gpu, s, *skinny);
  return std::nullopt;
}

}  // namespace dovetail::detail
