// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/plan/cpu.hpp"

#include <algorithm>

namespace dovetail::detail {
namespace {

using std::uint32_t;

/// The choices that can run, each once.
class Choices {
 public:
  Choices(const DeviceTraits& cpu, const MatmulSizes& sizes) : cpu_(cpu), sizes_(sizes) {}

  void add(const std::string& text) {
    if (std::ranges::find(texts_, text) != texts_.end()) return;
    if (plan_choice(cpu_, sizes_, text)) texts_.push_back(text);
  }
  /// `choice` with one parameter at a time set to each value.
  template <typename Choice>
  void vary(const Choice& choice, uint32_t Choice::*parameter,
            std::initializer_list<uint32_t> values) {
    for (const uint32_t value : values) {
      Choice other = choice;
      other.*parameter = value;
      add(text_of(other));
    }
  }
  std::vector<std::string> take() && { return std::move(texts_); }

 private:
  const DeviceTraits& cpu_;
  const MatmulSizes& sizes_;
  std::vector<std::string> texts_;
};

void add_panels(Choices& choices, const DeviceTraits& cpu, const PanelChoice& panel) {
  const uint32_t units = cpu.compute_units;
  choices.add(text_of(panel));
  choices.vary(panel, &PanelChoice::in_place, {1});
  choices.vary(panel, &PanelChoice::vectors, {1, 2, 3});
  choices.vary(panel, &PanelChoice::rows, {4, 6, 8, 12, 16});
  choices.vary(panel, &PanelChoice::steps, {256, 512, 1024, 2048});
  choices.vary(panel, &PanelChoice::items, {1, units, 2 * units, 8 * units});
  choices.vary(panel, &PanelChoice::parts, {1, units});
  choices.vary(panel, &PanelChoice::kc, {2048, 8192});
}

}  // namespace

uint32_t vector_width(const DeviceTraits& cpu, DType in) {
  // OpenCL has no wider vector than 16, and the kernels take no narrower one than 4.
  const uint32_t native = cpu.native_float_vector_width;
  const uint32_t width = native >= 16 ? 16 : native >= 8 ? 8 : 4;
  return in == DType::f64 ? std::max(width / 2, 4U) : width;
}

uint32_t wanted_items(const DeviceTraits& cpu, const MatmulSizes& s) {
  return blocks(4 * cpu.compute_units, s.batch);
}

BuildOptions cpu_options(const DeviceTraits& cpu, const MatmulSizes& s, bool has_workspace) {
  BuildOptions options = has_workspace ? matmul_part_options(s) : matmul_options(s);
  return options.define("WIDTH", vector_width(cpu, s.in));
}

std::string default_choice_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes) {
  std::string choice =
      takes_gemv(sizes) ? text_of(default_gemv(cpu, sizes)) : text_of(default_panel(cpu, sizes));
  return plan_choice_cpu(cpu, sizes, choice) ? choice : std::string(reference_choice);
}

std::vector<std::string> choices_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes) {
  Choices choices(cpu, sizes);
  choices.add(default_choice_cpu(cpu, sizes));
  const GemvChoice gemv = default_gemv(cpu, sizes);
  choices.add(text_of(gemv));
  choices.vary(gemv, &GemvChoice::width, {1, 2, 4, 8});
  choices.vary(gemv, &GemvChoice::items, {cpu.compute_units, 16 * cpu.compute_units});
  for (const bool swap : {false, true}) {
    add_panels(choices, cpu, default_panel(cpu, sizes, swap));
  }
  return std::move(choices).take();
}

std::optional<MatmulPlan> plan_choice_cpu(const DeviceTraits& cpu, const MatmulSizes& sizes,
                                          std::string_view choice) {
  if (const auto panel = choice_from<PanelChoice>(choice)) return plan_panel(cpu, sizes, *panel);
  if (const auto gemv = choice_from<GemvChoice>(choice)) return plan_gemv(cpu, sizes, *gemv);
  return std::nullopt;
}

}  // namespace dovetail::detail
