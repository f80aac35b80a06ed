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
  for (const bool flag :
       {transpose_a, transpose_b, has_epilogue, is_a_aligned, is_b_aligned, is_out_aligned}) {
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

namespace {
bool is_plain(const MatmulSizes& s) {
  return s.in == DType::f32 && s.out == DType::f32 && !s.has_epilogue;
}
}  // namespace

std::string default_choice(const Device& /*device*/, const MatmulSizes& s) {
  return is_plain(s) ? "default" : "reference";
}

std::vector<std::string> choices(const Device& /*device*/, const MatmulSizes& s) {
  return is_plain(s) ? std::vector<std::string>{"default", "reference"}
                     : std::vector<std::string>{"reference"};
}

std::optional<MatmulPlan> plan_choice(const Device& device, const MatmulSizes& s,
                                      std::string_view choice) {
  if (choice == "reference") return plan_reference(s);
  if (choice != "default" || !is_plain(s)) return std::nullopt;
  return device.type() == DeviceType::cpu ? plan_matmul_cpu(device, s) : plan_matmul_gpu(device, s);
}

}  // namespace dovetail::detail
