// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_plan.hpp"

#include "lib/ops/matmul_arguments.hpp"

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

std::string default_choice(const Device& device, const MatmulSizes& sizes) {
  return device.type() == DeviceType::cpu ? default_choice_cpu(cpu_limits(device), sizes)
                                          : default_choice_gpu(device, sizes);
}

std::vector<std::string> choices(const Device& device, const MatmulSizes& sizes) {
  return device.type() == DeviceType::cpu ? choices_cpu(cpu_limits(device), sizes)
                                          : choices_gpu(device, sizes);
}

std::optional<MatmulPlan> plan_choice(const Device& device, const MatmulSizes& sizes,
                                      std::string_view choice) {
  return device.type() == DeviceType::cpu ? plan_choice_cpu(cpu_limits(device), sizes, choice)
                                          : plan_choice_gpu(device, sizes, choice);
}

}  // namespace dovetail::detail
