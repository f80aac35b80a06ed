// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/plan/plan.hpp"

#include "lib/ops/matmul/plan/cpu.hpp"
#include "lib/ops/matmul/plan/gpu.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"

namespace dovetail::detail {
namespace {

BuildOptions transposes_and(BuildOptions types, const MatmulSizes& s) {
  return types.define("TRANSPOSE_A", s.transpose_a ? 1 : 0)
      .define("TRANSPOSE_B", s.transpose_b ? 1 : 0);
}

}  // namespace

std::size_t MatmulSizes::hash() const noexcept {
  std::uint64_t value = static_cast<std::uint64_t>(in) << 8 | static_cast<std::uint64_t>(out) << 16;
  for (const bool flag : {transpose_a, transpose_b, has_epilogue, is_b_packed, is_a_aligned,
                          is_b_aligned, is_out_aligned}) {
    value = value << 1 | static_cast<std::uint64_t>(flag);
  }
  for (const std::uint64_t size : {m, n, k, batch}) {
    value = (value ^ size) * 0x9e3779b97f4a7c15U;  // Fibonacci hashing
    value ^= value >> 32;
  }
  return value;
}

BuildOptions matmul_options(const MatmulSizes& s) {
  return transposes_and(matmul_types(s.in, s.out, s.has_epilogue), s);
}

BuildOptions matmul_part_options(const MatmulSizes& s) {
  return transposes_and(matmul_types(s.in, sum_dtype(s.in), false), s);
}

MatmulPlan plan_reference(const MatmulSizes& s) {
  constexpr std::size_t group = 16;
  return {.file = "matmul/reference.cl",
          .kernel = "matmul_reference",
          .options = matmul_options(s),
          .global = {round_up(s.n, group), round_up(s.m, group), s.batch},
          .local = {group, group, 1}};
}

std::string default_choice(const DeviceTraits& device, const MatmulSizes& sizes) {
  return (device.is_cpu ? default_choice_cpu : default_choice_gpu)(device, sizes);
}

std::vector<std::string> choices(const DeviceTraits& device, const MatmulSizes& sizes) {
  return (device.is_cpu ? choices_cpu : choices_gpu)(device, sizes);
}

std::optional<MatmulPlan> plan_choice(const DeviceTraits& device, const MatmulSizes& sizes,
                                      std::string_view choice) {
  // Panels are read by one kernel only, whatever is chosen for such sizes.
  if (sizes.is_b_packed) return plan_packed_cpu(device, sizes);
  if (choice == reference_choice) return plan_reference(sizes);
  return (device.is_cpu ? plan_choice_cpu : plan_choice_gpu)(device, sizes, choice);
}

bool is_choice(std::string_view text) {
  return text == reference_choice || choice_from<PanelChoice>(text) ||
         choice_from<GemvChoice>(text) || choice_from<TileChoice>(text) ||
         choice_from<SkinnyChoice>(text);
}

}  // namespace dovetail::detail
