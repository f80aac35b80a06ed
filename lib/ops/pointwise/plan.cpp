// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/pointwise/plan.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "lib/ops/common/launch_geometry.hpp"

namespace dovetail::detail {
namespace {

/// Orders the dimensions by the strides of the first operand, the least innermost, and merges those
/// that all operands step through as through one. Dimensions that the first one does not tell apart
/// go by the next one.
std::vector<Layout> simplified(std::span<const Layout> operands) {
  std::vector<int> axes(operands.front().rank());
  std::iota(axes.begin(), axes.end(), 0);
  std::ranges::stable_sort(axes, [&](int outer, int inner) {
    for (const Layout& operand : operands) {
      const auto stride = [&](int axis) {
        const auto place = static_cast<std::size_t>(axis);
        return operand.shape()[place] == 1 ? 0 : std::abs(operand.strides()[place]);
      };
      if (stride(outer) != stride(inner)) return stride(outer) > stride(inner);
    }
    return false;
  });
  std::vector<Layout> ordered;
  ordered.reserve(operands.size());
  for (const Layout& operand : operands) ordered.push_back(operand.permute(axes));
  return collapse(ordered);
}

RowStep step_of(const Layout& layout) {
  const std::int64_t stride = layout.strides().back();
  return stride == 1 ? RowStep::contiguous : stride == 0 ? RowStep::scalar : RowStep::strided;
}

PointwiseRows::Place place_of(const Layout& layout) {
  PointwiseRows::Place place{.offset = layout.offset()};
  std::ranges::copy(layout.strides(), place.stride.begin());
  std::reverse(place.stride.begin(), place.stride.begin() + layout.rank());
  return place;
}

/// Cuts rows into pieces and deals rows out, so that each work-item has about `most` elements, and
/// there are about `items` of them where there is enough work.
void share_out(PointwiseRows& rows, std::size_t items, std::size_t most, std::size_t width) {
  const std::size_t length = rows.size[0], all = length * rows.rows;
  const std::size_t each = std::clamp<std::size_t>(all / items, width, most);
  if (length > each) {
    rows.piece = round_up(each, width);
    rows.group = 1;
  } else {
    rows.piece = length;
    rows.group = std::max<std::size_t>(each / length, 1);
  }
}

}  // namespace

PointwisePlan plan_pointwise(const DeviceTraits& device, std::span<const Layout> operands,
                             std::size_t element_nbytes) {
  const std::vector<Layout> layouts = simplified(operands);
  const Layout& out = layouts.front();
  PointwiseRows rows{.dimensions = static_cast<cl_uint>(out.rank()),
                     .out = place_of(out),
                     .x = place_of(layouts[1]),
                     .y = place_of(layouts.back())};
  std::ranges::copy(out.shape().sizes(), rows.size.begin());
  std::reverse(rows.size.begin(), rows.size.begin() + out.rank());
  rows.rows = static_cast<cl_ulong>(out.size()) / rows.size[0];

  PointwiseForm form{.steps = {step_of(out), step_of(layouts[1]), step_of(layouts.back())}};
  // A row of one element is as good as contiguous.
  if (rows.size[0] == 1) form.steps = {};
  constexpr std::size_t cpu_elements = 16384, gpu_group = 256;
  if (device.is_cpu) {
    form.width = static_cast<std::uint8_t>(element_nbytes == 8 ? 8 : 16);
    // Below that many elements a second work-item costs more than it computes.
    const bool is_small = static_cast<std::size_t>(out.size()) <= cpu_elements;
    share_out(rows, is_small ? 1 : 4 * std::size_t{device.compute_units},
              is_small ? cpu_elements : cpu_elements * 16, form.width);
    const std::size_t pieces = blocks<std::size_t>(rows.size[0], rows.piece);
    return {form, rows, NDRange({pieces, blocks<std::size_t>(rows.rows, rows.group)}, {1, 1})};
  }
  form.width = 4;
  rows.piece = form.width;
  const std::size_t pieces = blocks<std::size_t>(rows.size[0], rows.piece);
  const std::size_t across = std::min(std::bit_ceil(pieces), gpu_group), down = gpu_group / across;
  return {form, rows,
          NDRange({round_up(pieces, across), round_up(rows.rows, down)}, {across, down})};
}

}  // namespace dovetail::detail
