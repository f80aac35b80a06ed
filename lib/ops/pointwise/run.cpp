// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/pointwise/run.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>

#include "lib/ops/common/kernel_cache.hpp"
#include "lib/ops/common/operand_check.hpp"
#include "lib/ops/pointwise/plan.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

struct Key {
  PointwiseFunction function;
  PointwiseForm form;
  std::size_t operands, element_nbytes;

  friend bool operator==(const Key&, const Key&) = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const noexcept {
    std::size_t hash = std::hash<std::string_view>()(key.function.name);
    for (const RowStep step : key.form.steps) hash = 4 * hash + static_cast<std::size_t>(step);
    return 64 * hash + 16 * key.operands + key.element_nbytes + key.form.width;
  }
};

/// Copies go by unsigned integers of the elements' size.
std::string_view type_of(std::size_t element_nbytes) {
  switch (element_nbytes) {
    case 1:
      return "U8";
    case 2:
      return "U16";
    case 4:
      return "U32";
    default:
      return "U64";
  }
}
std::string_view opencl_type_of(std::size_t element_nbytes) {
  switch (element_nbytes) {
    case 1:
      return "uchar";
    case 2:
      return "ushort";
    case 4:
      return "uint";
    default:
      return "ulong";
  }
}

Kernel build(const Context& context, const Key& key) {
  // Most of the names are built-in functions', so no kernel can have them.
  const std::string kernel = key.function.is_copy
                                 ? fmt::format("copy_{}", opencl_type_of(key.element_nbytes))
                                 : fmt::format("{}_f32", key.function.name);
  BuildOptions options;
  options.define("OPERANDS", key.operands)
      .define("APPLY", fmt::format("apply_{}", key.function.name))
      .define("KERNEL", kernel)
      .define("W", static_cast<int>(key.form.width))
      .define("STEP_OUT", static_cast<int>(key.form.steps[0]))
      .define("STEP_X", static_cast<int>(key.form.steps[1]))
      .define("STEP_Y", static_cast<int>(key.form.steps[2]));
  if (key.function.is_copy) {
    options.define("IN", type_of(key.element_nbytes))
        .define("OUT", type_of(key.element_nbytes))
        .define("T", opencl_type_of(key.element_nbytes));
  } else {
    options.define("OPERATIONS");
  }
  return build_kernel(context, key.form.in_tiles ? "pointwise/tiles.cl" : "pointwise/rows.cl",
                      kernel, options);
}

}  // namespace

void run_pointwise(const DeviceTraits& device, const Stream& stream,
                   const PointwiseFunction& function, std::span<const Tensor> operands,
                   const Tensor& out) {
  if (out.size() == 0) return;
  const std::size_t element = size_of(out.dtype());
  std::array<Layout, 3> layouts{in_buffer(out)};
  for (std::size_t i = 0; i < operands.size(); ++i) layouts[1 + i] = in_buffer(operands[i]);
  PointwisePlan plan =
      plan_pointwise(device, std::span(layouts).first(1 + operands.size()), element);
  if (operands.size() == 1) plan.form.steps[2] = RowStep::contiguous;
  const Key key{function, plan.form, operands.size(), element};
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
