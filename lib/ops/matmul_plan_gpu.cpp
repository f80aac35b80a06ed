// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_plan_gpu.hpp"

#include <algorithm>

#include "lib/ops/matmul_arguments.hpp"

namespace dovetail::detail {

std::size_t sum_size(const MatmulSizes& s) { return size_of(sum_dtype(s.in)); }

std::uint32_t steps_per_part(std::uint32_t k, std::uint32_t parts) {
  return static_cast<std::uint32_t>(blocks(blocks(k, parts), 32) * 32);
}

MatmulPlan with_parts(MatmulPlan plan, std::uint32_t k, std::uint32_t steps) {
  const auto parts = static_cast<std::uint32_t>(blocks(k, steps));
  plan.global[1] = parts;
  plan.share[2] = steps;
  plan.parts = parts == 1 ? 0 : parts;
  return plan;
}

namespace {

GpuLimits limits_of(const Device& device) {
  return {.compute_units = device.compute_units(),
          .local_memory = device.local_memory(),
          .max_work_group_size = device.max_work_group_size()};
}

constexpr std::string_view reference = "reference";

std::string default_choice(const GpuLimits& gpu, const MatmulSizes& s) {
  if (const auto skinny = default_skinny(gpu, s)) return text_of(*skinny);
  const auto tiles = tile_choices(gpu, s, 1);
  return tiles.empty() ? std::string(reference) : text_of(tiles.front());
}

}  // namespace

std::optional<MatmulPlan> plan_choice_gpu(const GpuLimits& gpu, const MatmulSizes& s,
                                          std::string_view choice) {
  if (const auto tile = choice_from<TileChoice>(choice)) return plan_tile(gpu, s, *tile);
  if (const auto skinny = choice_from<SkinnyChoice>(choice)) return plan_skinny(gpu, s, *skinny);
  if (choice == reference) return plan_reference(s);
  return std::nullopt;
}

MatmulPlan plan_matmul_gpu(const GpuLimits& gpu, const MatmulSizes& s) {
  return plan_choice_gpu(gpu, s, default_choice(gpu, s)).value();
}

std::string default_choice_gpu(const Device& device, const MatmulSizes& s) {
  return default_choice(limits_of(device), s);
}

std::vector<std::string> choices_gpu(const Device& device, const MatmulSizes& s) {
  const GpuLimits gpu = limits_of(device);
  std::vector<std::string> choices{default_choice(gpu, s)};
  const auto add = [&](const std::string& choice) {
    if (std::ranges::find(choices, choice) == choices.end() && plan_choice_gpu(gpu, s, choice)) {
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

std::optional<MatmulPlan> plan_choice_gpu(const Device& device, const MatmulSizes& s,
                                          std::string_view choice) {
  return plan_choice_gpu(limits_of(device), s, choice);
}

}  // namespace dovetail::detail
