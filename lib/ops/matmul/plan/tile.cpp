// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/ops/matmul/plan/gpu.hpp"

namespace dovetail::detail {
namespace {

using std::uint32_t;
using std::uint64_t;

enum class BLies { anyhow, along_n, along_k };

/// A way to build matmul/gpu/tile.cl, whose options are told there, and how fast it was on the GPU
/// of docs/design/0012. Only the ratios of these figures matter.
struct Tiling {
  std::string_view name;  ///< rows x columns, s slices, and c where it goes by columns.
  uint32_t rows, columns, steps, item_rows, item_columns, slices, patch_rows, patch_columns;
  std::string_view order;
  BLies b_lies;
  uint32_t together;  ///< Groups that a compute unit runs at once.
  double rate;        ///< Multiply-adds per ns of a compute unit with that many.
  double lone;        ///< Part of it that a compute unit with one group reaches.
  double fixed;       ///< ns that any product takes.

  uint32_t items() const { return slices * (rows / item_rows) * (columns / item_columns); }
};

using enum BLies;
// clang-format off
constexpr std::array tilings{
    Tiling{"128x256",   128, 256,  8,  8, 16, 1, 4, 8, "SERPENTINE", along_n, 1, 193, 1.00, 8000},
    Tiling{"256x128",   256, 128,  8, 16,  8, 1, 8, 4, "SERPENTINE", along_k, 1, 191, 1.00, 8000},
    Tiling{"128x128",   128, 128,  8, 16,  8, 1, 8, 4, "SERPENTINE", anyhow,  2, 180, 0.93, 6800},
    Tiling{"64x128s2c",  64, 128, 16,  8,  8, 2, 8, 4, "BY_COLUMNS", along_n, 2, 146, 1.12, 7000},
    Tiling{"64x128s2",   64, 128, 16,  8,  8, 2, 8, 4, "BY_ROWS",    anyhow,  2, 163, 0.95, 7000},
    Tiling{"128x64s2",  128,  64, 16,  8,  8, 2, 8, 4, "BY_ROWS",    anyhow,  2, 160, 0.95, 7000},
    Tiling{"64x64s2c",   64,  64, 16,  8,  8, 2, 8, 4, "BY_COLUMNS", along_n, 4, 152, 1.00, 6700},
    Tiling{"64x64s2",    64,  64, 16,  8,  8, 2, 8, 4, "BY_ROWS",    along_k, 4, 148, 1.00, 6700},
    Tiling{"64x32s4",    64,  32, 16,  8,  4, 4, 8, 4, "BY_ROWS",    anyhow,  3, 111, 0.98, 6300},
    Tiling{"32x64s4",    32,  64, 16,  4,  8, 4, 4, 8, "BY_ROWS",    anyhow,  3, 100, 0.83, 5900},
    Tiling{"32x32s4",    32,  32, 32,  4,  4, 4, 8, 4, "BY_ROWS",    anyhow,  4,  89, 0.95, 5900},
    Tiling{"64x16s4",    64,  16, 32,  4,  4, 4, 8, 4, "BY_ROWS",    anyhow,  4,  74, 0.94, 6200},
    Tiling{"16x64s4",    16,  64, 32,  4,  4, 4, 4, 8, "BY_ROWS",    anyhow,  4,  82, 0.70, 5900},
};
// clang-format on
constexpr double memory_rate = 3000;    // bytes per ns
constexpr double step_latency = 450;    // ns from one step's loads to the next one's
constexpr double second_launch = 4500;  // ns
constexpr uint64_t most_bytes_of_parts = 1U << 28U;

/// Wider numbers take half the steps, to fit in the same local memory.
uint32_t steps_of(const Tiling& t, const MatmulSizes& s) {
  return sum_size(s) == 8 ? t.steps / 2 : t.steps;
}

bool suits(const Tiling& t, const DeviceTraits& gpu, const MatmulSizes& s) {
  const std::size_t size = sum_size(s);
  const bool is_largest = t.rows * t.columns > 128 * 128;
  return (t.b_lies == BLies::anyhow || (t.b_lies == BLies::along_k) == s.transpose_b) &&
         (!is_largest || (takes_vectors_a(s) && takes_vectors_b(s))) &&
         size * t.item_rows * t.item_columns <= 512 &&  // registers
         size * 2 * steps_of(t, s) * (t.rows + t.columns + 8) <= gpu.local_memory &&
         t.items() <= gpu.max_work_group_size;
}

/// ns that a compute unit takes for `groups` groups, each of which alone at full rate takes `each`.
double time_of_groups(const Tiling& t, uint64_t groups, double each) {
  const uint64_t left = groups % t.together;
  double time = static_cast<double>(groups - left) * each;
  if (left > 0) {
    const double more = t.together == 1 ? 0.0
                                        : (1.0 - t.lone) * static_cast<double>(left - 1) /
                                              static_cast<double>(t.together - 1);
    time += static_cast<double>(left) * each / (t.lone + more);
  }
  return time;
}

double estimate(const Tiling& t, const DeviceTraits& gpu, const MatmulSizes& s, uint32_t steps) {
  const uint64_t parts = blocks<std::uint64_t>(s.k, steps);
  const uint64_t groups =
      blocks<std::uint64_t>(s.m, t.rows) * blocks<std::uint64_t>(s.n, t.columns) * s.batch * parts;
  const uint64_t per_unit = blocks<std::uint64_t>(groups, std::max(1U, gpu.compute_units));
  const double each = static_cast<double>(t.rows) * t.columns * std::min(steps, s.k) / t.rate;
  const double waits = static_cast<double>(blocks<std::uint64_t>(per_unit, t.together)) *
                       static_cast<double>(blocks<std::uint64_t>(std::min(steps, s.k), t.steps)) *
                       step_latency;
  const double out = static_cast<double>(s.m) * s.n * s.batch * 4;
  double time = t.fixed + std::max(time_of_groups(t, per_unit, each), waits);
  if (parts > 1) time += second_launch + 2.0 * out * static_cast<double>(parts) / memory_rate;
  return time;
}

MatmulPlan plan_of(const Tiling& t, const MatmulSizes& s, uint32_t steps) {
  const bool is_split = steps < s.k;
  BuildOptions options = is_split ? matmul_part_options(s) : matmul_options(s);
  options.define("BM", t.rows)
      .define("BN", t.columns)
      .define("BK", steps_of(t, s))
      .define("RM", t.item_rows)
      .define("RN", t.item_columns)
      .define("SLICES", t.slices)
      .define("PATCH_ROWS", t.patch_rows)
      .define("PATCH_COLUMNS", t.patch_columns)
      .define("ORDER", t.order)
      .define("VECTOR_A", takes_vectors_a(s) ? 1 : 0)
      .define("VECTOR_B", takes_vectors_b(s) ? 1 : 0)
      .define("VECTOR_OUT", s.n % 4 == 0 && (is_split || s.is_out_aligned) ? 1 : 0);
  const std::size_t groups =
      blocks<std::uint64_t>(s.m, t.rows) * blocks<std::uint64_t>(s.n, t.columns) * s.batch;
  return with_parts({.file = "matmul/gpu/tile.cl",
                     .kernel = "matmul_tile",
                     .options = std::move(options),
                     .global = {groups * t.items(), 1, 1},
                     .local = {t.items(), 1, 1}},
                    s.k, steps);
}

constexpr std::array<uint32_t, 14> splits{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128};

uint32_t steps_of(const MatmulSizes& s, uint32_t parts) {
  return parts == 1 ? s.k : steps_per_part(s.k, parts);
}

bool takes_parts(const MatmulSizes& s, uint32_t parts) {
  if (parts == 1) return true;
  const uint32_t steps = steps_of(s, parts);
  const uint64_t bytes = uint64_t{parts} * s.batch * s.m * s.n * sum_size(s);
  return steps >= 64 && steps < s.k && bytes <= most_bytes_of_parts;
}

struct Estimated {
  double time;
  TileChoice choice;
};

/// All that can run, the fastest first as far as that is known.
std::vector<Estimated> all_tiles(const DeviceTraits& gpu, const MatmulSizes& s) {
  std::vector<Estimated> all;
  for (const Tiling& t : tilings) {
    if (!suits(t, gpu, s)) continue;
    for (const uint32_t parts : splits) {
      if (!takes_parts(s, parts)) break;
      all.push_back({estimate(t, gpu, s, steps_of(s, parts)), {.tiling = t.name, .parts = parts}});
    }
  }
  std::ranges::stable_sort(all, {}, &Estimated::time);
  return all;
}

}  // namespace

std::string text_of(const TileChoice& choice) {
  return fmt::format("tile {} parts={}", choice.tiling, choice.parts);
}

template <>
std::optional<TileChoice> choice_from<TileChoice>(std::string_view text) {
  for (const Tiling& t : tilings) {
    TileChoice choice{.tiling = t.name};
    const auto parameters = std::to_array({choice_parameter("parts", choice.parts)});
    if (read_choice(text, fmt::format("tile {}", t.name), parameters)) return choice;
  }
  return std::nullopt;
}

std::vector<TileChoice> tile_choices(const DeviceTraits& gpu, const MatmulSizes& s,
                                     std::size_t most) {
  std::vector<TileChoice> choices;
  for (const Estimated& estimated : all_tiles(gpu, s)) {
    if (choices.size() == most) break;
    choices.push_back(estimated.choice);
  }
  return choices;
}

std::optional<MatmulPlan> plan_tile(const DeviceTraits& gpu, const MatmulSizes& s,
                                    const TileChoice& choice) {
  const auto t = std::ranges::find(tilings, choice.tiling, &Tiling::name);
  if (t == tilings.end() || std::ranges::find(splits, choice.parts) == splits.end() ||
      !suits(*t, gpu, s) || !takes_parts(s, choice.parts)) {
    return std::nullopt;
  }
  return plan_of(*t, s, steps_of(s, choice.parts));
}

}  // namespace dovetail::detail
