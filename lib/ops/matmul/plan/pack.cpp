// SPDX-License-Identifier: Apache-2.0
// How op(b) is packed once for many products.
#include "lib/ops/matmul/plan/cpu.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"

namespace dovetail::detail {
namespace {

MatmulPlan plan_panels(const DeviceTraits& cpu, const MatmulSizes& s) {
  const std::uint32_t width = packed_panel_width(cpu, s.in, s.n);
  BuildOptions options = cpu_options(cpu, s, true);
  // What is multiplied as float is packed as float.
  if (s.in == DType::i8) options.define("I8_AS_FLOAT", 1);
  return {.file = "matmul/cpu/pack.cl",
          .kernel = "matmul_pack",
          .options = std::move(options.define("VECTORS", width / vector_width(cpu, s.in))),
          .global = {blocks(s.n, width), s.batch, 1},
          .local = {1, 1, 1}};
}

MatmulPlan plan_rows(const MatmulSizes& s) {
  constexpr std::size_t group = 16;
  return {.file = "matmul/gpu/pack_rows.cl",
          .kernel = "matmul_pack_rows",
          .options = matmul_options(s),
          .global = {round_up(s.n, group), round_up(s.k, group), s.batch},
          .local = {group, group, 1}};
}

}  // namespace

MatrixLayout packed_layout(const DeviceTraits& device, const MatmulSizes& s) {
  if (!device.is_cpu) {
    return {.rows = s.k,
            .columns = s.n,
            .row_stride = static_cast<std::int64_t>(round_up(s.n, 4)),
            .batch = s.batch};
  }
  const std::int64_t width = packed_panel_width(device, s.in, s.n);
  return {.rows = s.k,
          .columns = s.n,
          .batch = s.batch,
          .batch_stride = (s.n + width - 1) / width * width * s.k};
}

std::size_t packed_nbytes(const DeviceTraits& device, const MatmulSizes& s) {
  const MatrixLayout layout = packed_layout(device, s);
  const std::int64_t elements =
      s.batch * layout.batch_stride.value_or(layout.rows * layout.row_stride.value_or(0));
  // Panels hold factors.
  const std::size_t element = !device.is_cpu       ? size_of(s.in)
                              : s.in == DType::f64 ? sizeof(double)
                                                   : sizeof(float);
  return static_cast<std::size_t>(elements) * element;
}

MatmulPlan plan_pack(const DeviceTraits& device, const MatmulSizes& sizes) {
  return device.is_cpu ? plan_panels(device, sizes) : plan_rows(sizes);
}

}  // namespace dovetail::detail
