// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_plan_gpu.hpp"

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

MatmulPlan plan_matmul_gpu(const GpuLimits& gpu, const MatmulSizes& s) {
  if (auto plan = plan_skinny(gpu, s)) return *std::move(plan);
  return plan_tile(gpu, s);
}

std::string default_choice_gpu(const Device& /*device*/, const MatmulSizes& /*sizes*/) {
  return "rule";
}

std::vector<std::string> choices_gpu(const Device& device, const MatmulSizes& sizes) {
  return {default_choice_gpu(device, sizes)};
}

std::optional<MatmulPlan> plan_choice_gpu(const Device& device, const MatmulSizes& sizes,
                                          std::string_view choice) {
  if (choice != "rule") return std::nullopt;
  return plan_matmul_gpu(GpuLimits{.compute_units = device.compute_units(),
                                   .local_memory = device.local_memory(),
                                   .max_work_group_size = device.max_work_group_size()},
                         sizes);
}

}  // namespace dovetail::detail
