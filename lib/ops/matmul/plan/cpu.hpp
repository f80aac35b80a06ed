// SPDX-License-Identifier: Apache-2.0
// The kernels for CPU devices, and what can be chosen about them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/ops/matmul/plan/choice.hpp"
#include "lib/ops/matmul/plan/plan.hpp"

namespace dovetail::detail {

/// kernels/matmul/cpu/panel.cl.
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

/// kernels/matmul/cpu/gemv.cl; the larger operand is read in place.
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

std::string default_choice_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes);
std::vector<std::string> choices_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes);
std::optional<MatmulPlan> plan_choice_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes,
                                          std::string_view choice);

/// Returns the factors in a vector of the kernels.
std::uint32_t vector_width(const DeviceTraits& cpu, DType in);

/// Returns the work-items, each a group of its own, that keep all compute units busy though some
/// end early.
std::uint32_t wanted_items(const DeviceTraits& cpu, const MatmulSizes& sizes);

/// Returns the options of a kernel for CPU devices, which may write to a workspace.
BuildOptions cpu_options(const DeviceTraits& cpu, const MatmulSizes& sizes, bool has_workspace);

/// Returns the better of two choices: to pack the one operand or the other.
PanelChoice default_panel(const DeviceTraits& cpu, const MatmulSizes& sizes);
PanelChoice default_panel(const DeviceTraits& cpu, const MatmulSizes& sizes, bool swap);
std::optional<MatmulPlan> plan_panel(const DeviceTraits& cpu, const MatmulSizes& sizes,
                                     const PanelChoice& choice);

/// Returns the columns of a panel of op(b) packed once; see kernels/matmul/cpu/pack.cl.
std::uint32_t packed_panel_width(const DeviceTraits& cpu, DType in, std::uint32_t n);
/// Plans a product with op(b) packed, for any m; transpose_b does not matter.
MatmulPlan plan_packed_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes);

/// Returns whether a product has so few rows or columns that the larger operand is best read once,
/// in place.
bool takes_gemv(const MatmulSizes& sizes);
GemvChoice default_gemv(const DeviceTraits& cpu, const MatmulSizes& sizes);
std::optional<MatmulPlan> plan_gemv(const DeviceTraits& cpu, const MatmulSizes& sizes,
                                    const GemvChoice& choice);

}  // namespace dovetail::detail
