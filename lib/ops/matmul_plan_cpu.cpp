// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_plan.hpp"

#include <algorithm>

namespace dovetail::detail {
namespace {

using std::uint32_t;

uint32_t blocks(uint32_t size, uint32_t block) { return (size - 1) / block + 1; }

/// The floats that a register holds: OpenCL has no wider vector than 16, and the kernels take no
/// narrower one than 4.
uint32_t vector_width(const Device& device) {
  const unsigned native = device.native_float_vector_width();
  return native >= 16 ? 16 : native >= 8 ? 8 : 4;
}

/// Work-items, each a group of its own, that keep all compute units busy though some end early.
uint32_t wanted_items(const Device& device, const MatmulSizes& s) {
  return blocks(4 * device.compute_units(), s.batch);
}

/// How the panel kernel goes over a product: rows of one operand stream past packed panels of the
/// other one's columns. With `swap` it computes the transposed product.
struct PanelTiling {
  bool swap;
  uint32_t vectors, tile_rows;  ///< Register tile.
  uint32_t rows_per_item, panels_per_item;
  uint32_t row_items, panel_items;
  uint32_t k_block;  ///< Steps of k that fit in the packed panels.
  uint32_t steps;    ///< Steps of k at a time.
  double cost;       ///< In multiply-adds of vectors.
};

PanelTiling tile_panels(const Device& device, const MatmulSizes& s, bool swap) {
  const uint32_t width = vector_width(device);
  const uint32_t rows = swap ? s.n : s.m;
  const uint32_t columns = swap ? s.m : s.n;
  PanelTiling t{};
  t.swap = swap;
  t.vectors = columns <= width ? 1 : 2;
  t.tile_rows = t.vectors == 1 ? width : width / 2;
  // Long panels save passes over out; they are read from the second-level cache, and take a quarter
  // of local memory.
  t.k_block = 2048;
  while (t.k_block > 64 && 16ULL * t.k_block * t.vectors * width > device.local_memory()) {
    t.k_block /= 2;
  }
  // Rows that are packed too should meet many short panels.
  const bool streamed_along_k = swap ? s.transpose_b : !s.transpose_a;
  t.steps = streamed_along_k ? t.k_block : std::min(t.k_block, 256U);

  const uint32_t panels = blocks(columns, t.vectors * width);
  const uint32_t tiles = blocks(rows, t.tile_rows);
  // Panels are shared out first: splitting rows packs each panel once more.
  const uint32_t wanted = wanted_items(device, s);
  t.panels_per_item = std::max(1U, panels / wanted);
  t.panel_items = blocks(panels, t.panels_per_item);
  const uint32_t splits = std::min(blocks(wanted, t.panel_items), blocks(rows, 64));
  t.rows_per_item = blocks(tiles, splits) * t.tile_rows;
  t.row_items = blocks(rows, t.rows_per_item);

  const bool packed_along_k = swap ? !s.transpose_a : s.transpose_b;
  const double row_panels = static_cast<double>(tiles) * t.tile_rows * panels * t.vectors;
  const double packed_rows = static_cast<double>(panels) * t.vectors * s.k * t.row_items;
  t.cost = row_panels * s.k * (streamed_along_k ? 1.0 : 1.2) +
           packed_rows * (packed_along_k ? 8.0 : 4.0) +
           row_panels * blocks(s.k, t.steps) * (swap ? 24.0 : 2.0);
  return t;
}

MatmulPlan plan_panel(const Device& device, const MatmulSizes& s) {
  const PanelTiling straight = tile_panels(device, s, false);
  const PanelTiling swapped = tile_panels(device, s, true);
  const PanelTiling& t = straight.cost <= swapped.cost ? straight : swapped;
  return {.file = "matmul/panel.cl",
          .kernel = "matmul_panel",
          .options = matmul_options(s)
                         .define("SWAP", t.swap ? 1 : 0)
                         .define("WIDTH", vector_width(device))
                         .define("VECTORS", t.vectors)
                         .define("ROWS", t.tile_rows)
                         .define("KC", t.k_block)
                         .define("STEPS", t.steps),
          .global = {t.panel_items, t.row_items, s.batch},
          .local = {1, 1, 1},
          .share = {t.rows_per_item, t.panels_per_item}};
}

/// Whether a product has so few rows or columns that the larger operand is best read once, in
/// place. Beyond these counts the panel kernel is as fast.
bool takes_gemv(const MatmulSizes& s, bool a_is_big) {
  const uint32_t count = a_is_big ? s.n : s.m;
  const bool along_k = a_is_big ? !s.transpose_a : s.transpose_b;
  const bool small_along_k = a_is_big ? s.transpose_b : !s.transpose_a;
  return along_k ? count <= 8 && (small_along_k || count == 1) : count <= 4;
}

MatmulPlan plan_gemv(const Device& device, const MatmulSizes& s, bool a_is_big) {
  const uint32_t width = vector_width(device);
  const uint32_t results = a_is_big ? s.m : s.n;
  const uint32_t count = a_is_big ? s.n : s.m;
  const uint32_t wanted = wanted_items(device, s);
  MatmulPlan plan{.file = "matmul/gemv.cl",
                  .kernel = {},
                  .options = matmul_options(s)
                                 .define("BIG_A", a_is_big ? 1 : 0)
                                 .define("COUNT", count)
                                 .define("WIDTH", width),
                  .global = {1, s.batch, 1},
                  .local = {1, 1, 1},
                  .share = {}};
  if (a_is_big ? !s.transpose_a : s.transpose_b) {  // the big operand lies along k: dot products
    const uint32_t at_once = count <= 4 ? 4 : 2;
    const uint32_t per_item = blocks(blocks(results, wanted), at_once) * at_once;
    plan.kernel = "matmul_gemv_dot";
    plan.options.define("RESULTS", at_once);
    plan.global[0] = blocks(results, per_item);
    plan.share[0] = per_item;
  } else {
    uint32_t chunk = 4;
    while (chunk > 1 && blocks(results, chunk * width) < wanted) chunk /= 2;
    plan.kernel = "matmul_gemv_axpy";
    plan.options.define("CHUNK", chunk);
    plan.global[0] = blocks(results, chunk * width);
  }
  return plan;
}

}  // namespace

MatmulPlan plan_matmul_cpu(const Device& device, const MatmulSizes& sizes) {
  const bool a_is_big = sizes.m >= sizes.n;
  return takes_gemv(sizes, a_is_big) ? plan_gemv(device, sizes, a_is_big)
                                     : plan_panel(device, sizes);
}

}  // namespace dovetail::detail
