// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/pointwise/run.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>

#include "lib/ops/common/element_macro.hpp"
#include "lib/ops/common/kernel_cache.hpp"
#include "lib/ops/common/operand_check.hpp"
#include "lib/ops/pointwise/plan.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

struct Key {
  PointwiseFunction function;
  PointwiseForm form;
  std::size_t operands;
  DType dtype;

  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::size_t hash = std::hash<std::string_view>()(key.function.name);
    for (const RowStep step : key.form.steps) hash = 4 * hash + static_cast<std::size_t>(step);
    return 64 * hash + 16 * key.operands + static_cast<std::size_t>(key.dtype) + key.form.width;
  }
};

/// Copies go by unsigned integers of the elements' size, so that types of one size share kernels.
DType word_of(DType dtype) {
  switch (size_of(dtype)) {
    case 1:
      return DType::u8;
    case 2:
      return DType::u16;
    case 4:
      return DType::u32;
    default:
      return DType::u64;
  }
}

Kernel build(const Context& context, const Key& key) {
  // Most of the names are built-in functions', so no kernel can have them.
  const std::string kernel = fmt::format("{}_{}", key.function.name, info(key.dtype).short_name);
  BuildOptions options;
  options.define("OPERANDS", key.operands)
      .define("IN", element_macro(key.dtype))
      .define("OUT", element_macro(key.dtype))
      .define("T", info(key.dtype).compute_type)
      .define("APPLY", fmt::format("apply_{}", key.function.name))
      .define("KERNEL", kernel)
      .define("W", static_cast<int>(key.form.width))
      .define("STEP_OUT", static_cast<int>(key.form.steps[0]))
      .define("STEP_X", static_cast<int>(key.form.steps[1]))
      .define("STEP_Y", static_cast<int>(key.form.steps[2]));
  if (!key.function.is_copy) options.define("OPERATIONS");
  return build_kernel(context, key.form.in_tiles ? "pointwise/tiles.cl" : "pointwise/rows.cl",
                      kernel, options);
}

}  // namespace

void run_pointwise(const DeviceTraits& device, const Stream& stream,
                   const PointwiseFunction& function, std::span<const Tensor> operands,
                   const Tensor& out) {
  if (out.size() == 0) return;
  std::array<Layout, 3> layouts{in_buffer(out)};
  for (std::size_t i = 0; i < operands.size(); ++i) layouts[1 + i] = in_buffer(operands[i]);
  const PointwisePlan plan =
      plan_pointwise(device, std::span(layouts).first(1 + operands.size()), size_of(out.dtype()));
  const Key key{function, plan.form, operands.size(),
                function.is_copy ? word_of(out.dtype()) : out.dtype()};
  const auto kernel = KernelCache<Key, Kernel, KeyHash>::of(stream.context()).get(key, [&] {
    return build(stream.context(), key);
  });
  if (operands.size() == 1) {
    kernel->launch(stream, plan.range, reading(operands[0]), writing(out), plan.rows);
  } else {
    kernel->launch(stream, plan.range, reading(operands[0]), reading(operands[1]), writing(out),
                   plan.rows);
  }
}

}  // namespace dovetail::detail
