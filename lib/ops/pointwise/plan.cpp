// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/pointwise/plan.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "lib/ops/common/launch_geometry.hpp"

namespace dovetail::detail {
namespace {

std::vector<Layout> permuted(std::span<const Layout> layouts, std::span<const int> axes) {
  std::vector<Layout> result;
  result.reserve(layouts.size());
  for (const Layout& layout : layouts) result.push_back(layout.permute(axes));
  return result;
}

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
  return collapse(permuted(operands, axes));
}

RowStep step_of(const Layout& layout) {
  const std::int64_t stride = layout.strides().back();
  return stride == 1 ? RowStep::contiguous : stride == 0 ? RowStep::scalar : RowStep::strided;
}

/// The dimension, other than the innermost, along which an operand that is strided along rows is
/// contiguous; nothing if there is none, or too little of either dimension for a tile.
std::optional<std::size_t> turned_axis(std::span<const Layout> layouts, std::int64_t width) {
  const Layout& out = layouts.front();
  const std::size_t inner = out.rank() - 1;
  if (step_of(out) != RowStep::contiguous || out.shape()[inner] < width) return std::nullopt;
  for (const Layout& layout : layouts.subspan(1)) {
    if (step_of(layout) != RowStep::strided) continue;
    for (std::size_t axis = 0; axis < inner; ++axis) {
      if (layout.strides()[axis] == 1 && layout.shape()[axis] >= width) return axis;
    }
  }
  return std::nullopt;
}

/// The layouts with that dimension next to the innermost.
std::vector<Layout> with_rows_along(std::size_t axis, std::span<const Layout> layouts) {
  std::vector<int> axes(layouts.front().rank());
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[axis], axes[axes.size() - 2]);
  return permuted(layouts, axes);
}

PointwiseRows::Place place_of(const Layout& layout) {
  PointwiseRows::Place place{.offset = layout.offset()};
  std::ranges::copy(layout.strides(), place.stride.begin());
  std::reverse(place.stride.begin(), place.stride.begin() + layout.rank());
  return place;
}

PointwiseRows rows_of(std::span<const Layout> layouts) {
  const Layout& out = layouts.front();
  PointwiseRows rows{.dimensions = static_cast<cl_uint>(out.rank()),
                     .out = place_of(out),
                     .x = place_of(layouts[1]),
                     .y = place_of(layouts.back())};
  std::ranges::copy(out.shape().sizes(), rows.size.begin());
  std::reverse(rows.size.begin(), rows.size.begin() + out.rank());
  rows.rows = static_cast<cl_ulong>(out.size()) / rows.size[0];
  return rows;
}

constexpr std::size_t item_elements = 16384;  // below, a second work-item costs more than it saves

/// Deals rows out so that each work-item has about `item_elements` to 16 times as many, and there
/// are 4 items a compute unit where there is enough work. Cuts long rows into pieces.
PointwisePlan plan_rows_cpu(const DeviceTraits& cpu, const PointwiseForm& form,
                            PointwiseRows rows) {
  const std::size_t length = rows.size[0], all = length * rows.rows;
  const std::size_t items = all <= item_elements ? 1 : 4 * std::size_t{cpu.compute_units};
  const std::size_t each = std::clamp<std::size_t>(all / items, 1, 16 * item_elements);
  rows.piece = length > each ? round_up(each, form.width) : length;
  rows.group = std::max<std::size_t>(each / length, 1);
  return {
      form, rows,
      NDRange({blocks<std::size_t>(length, rows.piece), blocks<std::size_t>(rows.rows, rows.group)},
              {1, 1})};
}

/// Gives each work-item `width` elements of a row; groups of 256 reach across rows if these are
/// short.
PointwisePlan plan_rows_gpu(const PointwiseForm& form, PointwiseRows rows) {
  constexpr std::size_t group = 256;
  rows.piece = form.width;
  const std::size_t pieces = blocks<std::size_t>(rows.size[0], rows.piece);
  const std::size_t across = std::min(std::bit_ceil(pieces), group), down = group / across;
  return {form, rows,
          NDRange({round_up(pieces, across), round_up(rows.rows, down)}, {across, down})};
}

/// Tiles of the operands that are contiguous across rows. A work-item takes many rows, so that what
/// it needs of a page is read while the processor can translate its address: for 4096 x 4096 floats
/// 16 rows took 2.6 times as long as 512 (docs/design/0017).
PointwisePlan plan_tiles(const DeviceTraits& cpu, PointwiseForm form,
                         std::span<const Layout> layouts) {
  PointwiseRows rows = rows_of(layouts);
  form.in_tiles = true;
  const std::array places{&rows.out, &rows.x, &rows.y};
  for (std::size_t i = 1; i < form.steps.size(); ++i) {
    if (form.steps[i] == RowStep::strided && places[i]->stride[1] == 1) {
      form.steps[i] = RowStep::turned;
    }
  }
  rows.group = 32 * std::size_t{form.width};
  const std::size_t groups = blocks<std::size_t>(rows.size[1], rows.group);
  const std::size_t outer = groups * (rows.rows / rows.size[1]);
  const std::size_t wanted = blocks<std::size_t>(4 * std::size_t{cpu.compute_units}, outer);
  rows.piece = round_up(blocks<std::size_t>(rows.size[0], wanted), form.width);
  return {form, rows, NDRange({blocks<std::size_t>(rows.size[0], rows.piece), outer}, {1, 1})};
}

}  // namespace

PointwisePlan plan_pointwise(const DeviceTraits& device, std::span<const Layout> operands,
                             std::size_t element_nbytes) {
  const std::vector<Layout> layouts = simplified(operands);
  PointwiseForm form{.steps = {step_of(layouts[0]), step_of(layouts[1])}};
  if (layouts.size() == 3) form.steps[2] = step_of(layouts[2]);
  if (!device.is_cpu) {
    form.width = 4;
    return plan_rows_gpu(form, rows_of(layouts));
  }
  form.width = static_cast<std::uint8_t>(element_nbytes == 8 ? 8 : 16);
  if (const auto axis = turned_axis(layouts, form.width)) {
    return plan_tiles(device, form, with_rows_along(*axis, layouts));
  }
  return plan_rows_cpu(device, form, rows_of(layouts));
}

}  // namespace dovetail::detail
