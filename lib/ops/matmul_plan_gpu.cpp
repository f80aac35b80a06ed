// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_plan.hpp"

namespace dovetail::detail {
namespace {

using std::uint32_t;

uint32_t blocks(uint32_t size, uint32_t block) { return (size - 1) / block + 1; }

MatmulPlan plan_tile(const Device& device, const MatmulSizes& s) {
  // The largest tile that still gives every compute unit work.
  uint32_t tile = 128;
  while (tile > 32 &&
         std::size_t{blocks(s.m, tile)} * blocks(s.n, tile) * s.batch < device.compute_units()) {
    tile /= 2;
  }
  const uint32_t item = tile == 128 ? 8 : 4;
  const uint32_t group = tile / item * (tile / item);
  return {.file = "matmul/tile.cl",
          .kernel = "matmul_tile",
          .options = matmul_options(s)
                         .define("BM", tile)
                         .define("BN", tile)
                         .define("RM", item)
                         .define("RN", item),
          .global = {std::size_t{blocks(s.n, tile)} * group, blocks(s.m, tile), s.batch},
          .local = {group, 1, 1},
          .share = {}};
}

}  // namespace

std::string default_choice_gpu(const Device& /*device*/, const MatmulSizes& s) {
  const bool is_plain = s.in == DType::f32 && s.out == DType::f32 && !s.has_epilogue;
  return is_plain ? "tile" : "reference";
}

std::vector<std::string> choices_gpu(const Device& device, const MatmulSizes& sizes) {
  return {default_choice_gpu(device, sizes)};
}

std::optional<MatmulPlan> plan_choice_gpu(const Device& device, const MatmulSizes& sizes,
                                          std::string_view choice) {
  if (choice == "reference") return plan_reference(sizes);
  if (choice != default_choice_gpu(device, sizes)) return std::nullopt;
  return plan_tile(device, sizes);
}

}  // namespace dovetail::detail
