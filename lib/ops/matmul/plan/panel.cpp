// SPDX-License-Identifier: Apache-2.0
// Plans of kernels/matmul/cpu/panel.cl.
#include <algorithm>
#include <bit>
#include <cmath>

#include "lib/ops/matmul/plan/cpu.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"

namespace dovetail::detail {
namespace {

using std::uint32_t;

std::size_t factor_size(const MatmulSizes& s) { return s.in == DType::f64 ? 8 : 4; }

/// How a product looks to the kernel: rows of S stream past panels of P's columns.
struct Roles {
  uint32_t rows, columns;
  bool streamed_along_k, packed_along_k;
  bool holds_factors;  ///< The elements are factors as they lie.

  Roles(const MatmulSizes& s, bool swap)
      : rows(swap ? s.n : s.m),
        columns(swap ? s.m : s.n),
        streamed_along_k(swap ? s.transpose_b : !s.transpose_a),
        packed_along_k(swap ? !s.transpose_a : s.transpose_b),
        holds_factors(s.in == DType::f32 || s.in == DType::f64) {}

  bool streams_in_place() const { return streamed_along_k && holds_factors; }
  /// Whether the kernel can read panels of that width where they lie.
  bool has_panels(uint32_t panel_width) const {
    return !packed_along_k && holds_factors && columns % panel_width == 0;
  }
};

/// Groups of panels and of rows, each pair a work-item's; the kernel deals them out evenly.
struct Sharing {
  uint32_t row_items, panel_items;
};

Sharing share_out(const Roles& roles, const PanelChoice& c, uint32_t panel_width) {
  // Panels are shared out first: splitting rows packs each panel once more.
  const uint32_t panel_items = std::min(blocks(roles.columns, panel_width), c.items);
  const auto split_into = [&](uint32_t items, uint32_t least_rows) {
    return std::min(blocks(items, panel_items), blocks(roles.rows, std::max(c.rows, least_rows)));
  };
  const uint32_t row_items =
      c.in_place != 0 ? split_into(c.items, 0)
      : roles.packed_along_k
          // Transposing costs more: only so far that all units have work.
          ? std::max(split_into(c.items, 256), split_into(blocks(c.items, 4), 64))
          : split_into(c.items, 64);
  return {.row_items = row_items, .panel_items = panel_items};
}

/// What a step of k costs a register tile, in multiply-adds of vectors: the more there are, the
/// less loads and the loop weigh.
uint32_t step_cost(uint32_t rows, uint32_t vectors) { return rows * vectors + 2; }

/// For comparing both roles.
double cost_of(const DeviceTraits& cpu, const MatmulSizes& s, const PanelChoice& c) {
  const Roles roles(s, c.swap != 0);
  const uint32_t panel_width = c.vectors * vector_width(cpu, s.in);
  const Sharing sharing = share_out(roles, c, panel_width);
  const double panels = blocks(roles.columns, panel_width);
  const double row_tiles = blocks(roles.rows, c.rows);
  // Rows are packed for as many panels at a time as there is room for.
  const uint32_t panels_at_once = std::max(1U, c.kc / std::min(c.steps, s.k));
  const double row_passes =
      std::max<double>(sharing.panel_items, std::ceil(panels / panels_at_once));
  const double packing_a_row_tile = roles.streams_in_place() ? 0.0
                                    : roles.streamed_along_k ? 4.0
                                                             : 16.0;
  const double packing_a_vector = c.in_place != 0 ? 0.0 : roles.packed_along_k ? 8.0 : 4.0;
  const double storing_a_vector = c.swap != 0 ? 24.0 : 2.0;
  return panels * row_tiles * step_cost(c.rows, c.vectors) * s.k +
         row_tiles * row_passes * s.k * packing_a_row_tile +
         panels * c.vectors * s.k * sharing.row_items * packing_a_vector +
         panels * row_tiles * c.rows * c.vectors * blocks(s.k, c.steps) * storing_a_vector;
}

bool is_within(uint32_t value, uint32_t least, uint32_t most) {
  return least <= value && value <= most;
}

bool can_run(const DeviceTraits& cpu, const MatmulSizes& s, const PanelChoice& c) {
  const uint32_t width = vector_width(cpu, s.in);
  // With swap, a tile of rows is transposed as a whole.
  const bool has_tile = c.swap != 0 ? std::has_single_bit(c.rows) && c.rows <= width
                                    : c.rows == 1 || (c.rows % 2 == 0 && c.rows <= 16);
  if (c.swap > 1 || c.in_place > 1 || !is_within(c.vectors, 1, 4) || c.rows == 0 || !has_tile ||
      !is_within(c.kc, 16, 65536) || !is_within(c.steps, 16, c.kc) ||
      !is_within(c.items, 1, 65536) || !is_within(c.parts, 1, std::min(s.k, 1024U))) {
    return false;
  }
  // More products of int8 than that are not exact in float.
  if (s.in == DType::i8 && c.steps > 1024) return false;
  const Roles roles(s, c.swap != 0);
  if (c.in_place != 0 && !roles.has_panels(c.vectors * width)) return false;
  const std::size_t panels = c.in_place != 0 ? 0 : std::size_t{c.kc} * c.vectors * width;
  const std::size_t tile = roles.streams_in_place() ? 0 : std::size_t{c.steps + 2 * width} * c.rows;
  return (panels + tile) * factor_size(s) <= cpu.local_memory;
}

/// Rows of a register tile: as many as registers have room for, unless fewer leave less of the last
/// tile unused. Twelve rows of two vectors take 24 of the 32 registers that come with vectors of 16
/// floats, six take 12 of 16.
uint32_t tile_rows(const DeviceTraits& cpu, const MatmulSizes& s, const Roles& roles,
                   const PanelChoice& c) {
  const uint32_t float_width = vector_width(cpu, DType::f32);
  uint32_t best = c.vectors == 1 ? float_width : float_width == 16 ? 12 : 6;
  if (c.swap != 0) best = std::min(vector_width(cpu, s.in), std::bit_floor(best));
  const auto cost = [&](uint32_t rows) {
    return std::uint64_t{blocks(roles.rows, rows)} * step_cost(rows, c.vectors);
  };
  for (uint32_t rows = std::bit_floor(best); rows > 0; rows /= 2) {
    if (cost(rows) < cost(best)) best = rows;
  }
  return best;
}

/// Whether one work-item is done with a product before another thread is awake.
bool is_tiny(const MatmulSizes& s) {
  return std::uint64_t{s.m} * s.n <= (1U << 19) / s.k / s.batch;
}

/// For one of the roles, whichever operand that packs.
PanelChoice panel_for(const DeviceTraits& cpu, const MatmulSizes& s, const Roles& roles,
                      bool swap) {
  const uint32_t width = vector_width(cpu, s.in);
  PanelChoice c{.swap = swap ? 1U : 0U};
  c.vectors = roles.columns <= width ? 1 : 2;
  c.rows = tile_rows(cpu, s, roles, c);
  // Long panels save passes over out; they are read from the second-level cache, and take a quarter
  // of local memory.
  while (c.kc > 64 && 4 * factor_size(s) * c.kc * c.vectors * width > cpu.local_memory) {
    c.kc /= 2;
  }
  // Rows that are packed too should meet many short panels.
  c.steps = std::min(c.kc, roles.streams_in_place() ? 2048U : 256U);
  c.items = is_tiny(s) ? 1 : wanted_items(cpu, s);
  c.in_place = is_tiny(s) && !swap && roles.has_panels(c.vectors * width) ? 1 : 0;
  return c;
}

/// Parts of k that give idle compute units work, where there are too few tiles for them.
uint32_t parts_of(const DeviceTraits& cpu, const MatmulSizes& s, const Roles& roles,
                  const PanelChoice& c) {
  if (is_tiny(s)) return 1;
  const Sharing sharing = share_out(roles, c, c.vectors * vector_width(cpu, s.in));
  const std::uint64_t items = std::uint64_t{sharing.row_items} * sharing.panel_items * s.batch;
  if (items >= cpu.compute_units) return 1;
  const std::uint64_t idle = cpu.compute_units / items;
  return static_cast<uint32_t>(std::clamp<std::uint64_t>(s.k / 1024, 1, idle));
}

/// int8 is multiplied as float, exactly for as many steps as can_run() allows.
BuildOptions panel_options(const DeviceTraits& cpu, const MatmulSizes& s, bool has_workspace) {
  BuildOptions options = cpu_options(cpu, s, has_workspace);
  if (s.in == DType::i8) options.define("I8_AS_FLOAT", 1);
  return options;
}

MatmulPlan plan_of(const DeviceTraits& cpu, const MatmulSizes& s, const PanelChoice& c) {
  const Roles roles(s, c.swap != 0);
  const Sharing sharing = share_out(roles, c, c.vectors * vector_width(cpu, s.in));
  const uint32_t part_steps = blocks(s.k, c.parts);
  const uint32_t parts = blocks(s.k, part_steps);
  // Passes after the first add to what is in out, which then must hold just that.
  const bool adds_up_in_out = !s.has_epilogue && s.out == sum_dtype(s.in);
  const bool has_workspace = parts > 1 || (part_steps > c.steps && !adds_up_in_out);
  return {.file = "matmul/cpu/panel.cl",
          .kernel = "matmul_panel",
          .options = panel_options(cpu, s, has_workspace)
                         .define("SWAP", c.swap)
                         .define("IN_PLACE", c.in_place)
                         .define("VECTORS", c.vectors)
                         .define("ROWS", c.rows)
                         .define("KC", c.kc)
                         .define("STEPS", c.steps),
          .global = {sharing.panel_items, sharing.row_items, std::size_t{s.batch} * parts},
          .local = {1, 1, 1},
          .parts = has_workspace ? parts : 0,
          .part_steps = part_steps};
}

}  // namespace

PanelChoice default_panel(const DeviceTraits& cpu, const MatmulSizes& s, bool swap) {
  const Roles roles(s, swap);
  PanelChoice c = panel_for(cpu, s, roles, swap);
  c.parts = parts_of(cpu, s, roles, c);
  return c;
}

PanelChoice default_panel(const DeviceTraits& cpu, const MatmulSizes& s) {
  const PanelChoice straight = default_panel(cpu, s, false);
  const PanelChoice swapped = default_panel(cpu, s, true);
  return cost_of(cpu, s, straight) <= cost_of(cpu, s, swapped) ? straight : swapped;
}

std::optional<MatmulPlan> plan_panel(const DeviceTraits& cpu, const MatmulSizes& s,
                                     const PanelChoice& choice) {
  if (!can_run(cpu, s, choice)) return std::nullopt;
  return plan_of(cpu, s, choice);
}

uint32_t packed_panel_width(const DeviceTraits& cpu, DType in, uint32_t n) {
  const uint32_t width = vector_width(cpu, in);
  return n <= width ? width : 2 * width;
}

MatmulPlan plan_packed_cpu(const DeviceTraits& cpu, const MatmulSizes& s) {
  MatmulSizes sizes = s;
  sizes.transpose_b = false;
  PanelChoice choice = default_panel(cpu, sizes, false);
  choice.in_place = 0;
  MatmulPlan plan = plan_of(cpu, sizes, choice);
  plan.options.define("PREPACKED", 1);
  return plan;
}

}  // namespace dovetail::detail
