// SPDX-License-Identifier: Apache-2.0
// The kernels for CPU devices, and what can be chosen about them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/ops/matmul_choice.hpp"
#include "lib/ops/matmul_plan.hpp"

namespace dovetail::detail {

/// kernels/matmul/panel.cl.
struct PanelChoice {
  std::uint32_t swap = 0;      ///< Pack a and stream b.
  std::uint32_t vectors = 2;   ///< Of a register tile's row.
  std::uint32_t rows = 8;      ///< Of a register tile.
  std::uint32_t kc = 4096;     ///< Steps of k that the packed panels have room for.
  std::uint32_t steps = 2048;  ///< Steps of k at a time.
  std::uint32_t items = 8;     ///< Work-items wanted for each matrix of a batch.
  std::uint32_t in_place = 0;  ///< Nothing is packed of the operand that panels are of.
  std::uint32_t parts = 1;     ///< Of k, each with work-items of its own.

  static constexpr std::string_view kernel = "panel";
  template <typename Self>
  static auto parameters(Self& c) {
    return std::to_array({choice_parameter("swap", c.swap), choice_parameter("vectors", c.vectors),
                          choice_parameter("rows", c.rows), choice_parameter("kc", c.kc),
                          choice_parameter("steps", c.steps), choice_parameter("items", c.items),
                          choice_parameter("in_place", c.in_place),
                          choice_parameter("parts", c.parts)});
  }
};

/// kernels/matmul/gemv.cl; the larger operand is read in place.
struct GemvChoice {
  std::uint32_t width = 4;  ///< Results at once: rows (dot) or vectors (axpy).
  std::uint32_t items = 8;  ///< Work-items wanted for each matrix of a batch (dot).
  std::uint32_t parts = 1;  ///< Of k, each with work-items of its own.

  static constexpr std::string_view kernel = "gemv";
  template <typename Self>
  static auto parameters(Self& c) {
    return std::to_array({choice_parameter("width", c.width), choice_parameter("items", c.items),
                          choice_parameter("parts", c.parts)});
  }
};

inline std::uint32_t blocks(std::uint32_t size, std::uint32_t block) {
  return (size - 1) / block + 1;
}

/// Factors in a vector of the kernels.
std::uint32_t vector_width(const CpuLimits& cpu, DType in);

/// Work-items, each a group of its own, that keep all compute units busy though some end early.
std::uint32_t wanted_items(const CpuLimits& cpu, const MatmulSizes& sizes);

/// The options of a kernel for CPU devices, and whether it writes to a workspace.
BuildOptions cpu_options(const CpuLimits& cpu, const MatmulSizes& sizes, bool has_workspace);

/// The better of both operands' being packed.
PanelChoice default_panel(const CpuLimits& cpu, const MatmulSizes& sizes);
PanelChoice default_panel(const CpuLimits& cpu, const MatmulSizes& sizes, bool swap);
std::optional<MatmulPlan> plan_panel(const CpuLimits& cpu, const MatmulSizes& sizes,
                                     const PanelChoice& choice);

/// Whether a product has so few rows or columns that the larger operand is best read once, in
/// place.
bool takes_gemv(const MatmulSizes& sizes);
GemvChoice default_gemv(const CpuLimits& cpu, const MatmulSizes& sizes);
std::optional<MatmulPlan> plan_gemv(const CpuLimits& cpu, const MatmulSizes& sizes,
                                    const GemvChoice& choice);

}  // namespace dovetail::detail
