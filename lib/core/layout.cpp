// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "dovetail/core/error.hpp"

namespace dovetail {
namespace {

/// The place of an axis that may count from the end.
std::size_t place_of(const char* function, int axis, const Layout& layout) {
  const int rank = static_cast<int>(layout.rank());
  if (axis < -rank || axis >= rank) {
    throw InvalidArgument(
        fmt::format("[{}] axis {} of {}, which has {} dimensions; give -{} to {}.", function, axis,
                    layout.shape().str(), rank, rank, rank - 1));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

std::vector<std::int64_t> vector_of(std::span<const std::int64_t> values) {
  return {values.begin(), values.end()};
}

/// The first index that a slice takes, and how many it takes.
struct Bounds {
  std::int64_t start, count;
};

/// By Python's rules for slices.
Bounds bounds_of(std::int64_t size, std::optional<std::int64_t> start,
                 std::optional<std::int64_t> stop, std::int64_t step) {
  const bool forwards = step > 0;
  const std::int64_t least = forwards ? 0 : -1, most = forwards ? size : size - 1;
  const auto clipped = [&](std::int64_t bound) {
    return std::clamp(bound < 0 ? std::max(bound, -size - 1) + size : bound, least, most);
  };
  const std::int64_t first = start ? clipped(*start) : forwards ? least : most;
  const std::int64_t last = stop ? clipped(*stop) : forwards ? most : least;
  const std::int64_t distance = forwards ? last - first : first - last;
  if (distance <= 0) return {0, 0};
  // The least integer has no opposite.
  return {first, (distance - 1) / (forwards ? step : step == INT64_MIN ? INT64_MAX : -step) + 1};
}

}  // namespace

Layout::Layout(const Shape& shape) noexcept : shape_(shape) {
  std::int64_t stride = 1;
  for (std::size_t axis = rank(); axis-- > 0; stride *= std::max<std::int64_t>(shape[axis], 1)) {
    strides_[axis] = stride;
  }
}

Layout::Layout(const Shape& shape, std::span<const std::int64_t> strides, std::int64_t offset)
    : shape_(shape), offset_(offset) {
  const auto refuse = [&](std::string_view why) {
    throw InvalidArgument(fmt::format("[Layout] shape {} with strides [{}] and offset {}: {}",
                                      shape.str(), fmt::join(strides, ", "), offset, why));
  };
  if (strides.size() != rank()) refuse("give one stride for each dimension.");
  if (offset < 0) refuse("an element lies before the storage; give a larger offset.");
  if (size() == 0) {  // no stride means anything, and some might not fit
    strides_ = Layout(shape).strides_;
    return;
  }
  std::ranges::copy(strides, strides_.begin());
  std::int64_t least = offset, most = offset;
  for (std::size_t axis = 0; axis < rank(); ++axis) {
    std::int64_t way = 0;
    std::int64_t& end = strides_[axis] < 0 ? least : most;
    if (__builtin_mul_overflow(shape[axis] - 1, strides_[axis], &way) ||
        __builtin_add_overflow(end, way, &end)) {
      refuse("an element lies further than 63 bits count.");
    }
  }
  if (least < 0) refuse("an element lies before the storage; give a larger offset.");
  if (most == INT64_MAX) refuse("an element lies further than 63 bits count.");
}

bool Layout::is_contiguous() const noexcept {
  if (size() == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t axis = rank(); axis-- > 0;) {
    if (shape_[axis] == 1) continue;
    if (strides_[axis] != expected) return false;
    expected *= shape_[axis];
  }
  return true;
}

bool Layout::may_overlap_itself() const {
  if (size() == 0) return false;
  std::vector<std::pair<std::int64_t, std::int64_t>> steps;  // how far one leads, and all of them
  for (std::size_t axis = 0; axis < rank(); ++axis) {
    const std::int64_t step = std::abs(strides_[axis]);
    if (shape_[axis] > 1) steps.emplace_back(step, (shape_[axis] - 1) * step);
  }
  std::ranges::sort(steps);
  std::int64_t reach = 0;  // of the smaller steps together
  for (const auto& [step, all] : steps) {
    if (step <= reach) return true;
    reach += all;
  }
  return false;
}

Layout::Range Layout::range() const noexcept {
  if (size() == 0) return {};
  Range range{offset_, offset_ + 1};
  for (std::size_t axis = 0; axis < rank(); ++axis) {
    (strides_[axis] < 0 ? range.begin : range.end) += (shape_[axis] - 1) * strides_[axis];
  }
  return range;
}

Layout Layout::broadcast_to(const Shape& shape) const {
  const auto refuse = [&](std::string_view why) {
    throw InvalidArgument(
        fmt::format("[broadcast_to] {} to {}: {}", shape_.str(), shape.str(), why));
  };
  if (shape.rank() < rank()) refuse("the result must have as many dimensions at least.");
  const std::size_t added = shape.rank() - rank();
  Layout result(*this);
  result.shape_ = shape;
  result.strides_ = {};
  for (std::size_t axis = 0; axis < rank(); ++axis) {
    if (shape_[axis] == shape[added + axis]) {
      result.strides_[added + axis] = strides_[axis];
    } else if (shape_[axis] != 1) {
      refuse("only sizes of 1 grow.");
    }
  }
  return result;
}

Layout Layout::permute(std::span<const int> axes) const {
  std::vector<std::int64_t> sizes;
  Layout result(*this);
  unsigned named = 0;
  for (const int axis : axes) {
    const std::size_t place = place_of("permute", axis, *this);
    named |= 1U << place;
    if (sizes.size() < rank()) result.strides_[sizes.size()] = strides_[place];
    sizes.push_back(shape_[place]);
  }
  if (axes.size() != rank() || named != (1U << rank()) - 1) {
    throw InvalidArgument(
        fmt::format("[permute] axes [{}] of {}; name each of its {} dimensions once.",
                    fmt::join(axes, ", "), shape_.str(), rank()));
  }
  result.shape_ = Shape(sizes);
  return result;
}

Layout Layout::slice(int axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                     std::int64_t step) const {
  const std::size_t place = place_of("slice", axis, *this);
  if (step == 0) {
    throw InvalidArgument(fmt::format("[slice] a step of 0 in dimension {} of {}; give another.",
                                      place, shape_.str()));
  }
  const Bounds bounds = bounds_of(shape_[place], start, stop, step);
  auto sizes = vector_of(shape_.sizes());
  sizes[place] = bounds.count;
  Layout result(*this);
  result.shape_ = Shape(sizes);
  result.offset_ += bounds.start * strides_[place];
  // With one index there is no next one, and the product might not fit.
  if (bounds.count > 1) result.strides_[place] *= step;
  return result;
}

Layout Layout::select(int axis, std::int64_t index) const {
  const std::int64_t size = shape_[place_of("select", axis, *this)];
  if (index < -size || index >= size) {
    throw InvalidArgument(
        fmt::format("[select] index {} of dimension {} of {}, which has the size {}; give -{} to "
                    "{}.",
                    index, axis, shape_.str(), size, size, size - 1));
  }
  const std::int64_t place = index < 0 ? index + size : index;
  return slice(axis, place, place + 1).squeeze(axis);
}

Layout Layout::flip(int axis) const {
  static_cast<void>(place_of("flip", axis, *this));
  return slice(axis, std::nullopt, std::nullopt, -1);
}

Layout Layout::expand_dims(int axis) const {
  const int rank_now = static_cast<int>(rank());
  if (axis < -rank_now - 1 || axis > rank_now || rank() == Shape::max_rank) {
    throw InvalidArgument(fmt::format(
        "[expand_dims] a dimension before dimension {} of {}; give -{} to {}, and no layout of {} "
        "dimensions.",
        axis, shape_.str(), rank_now + 1, rank_now, Shape::max_rank));
  }
  const std::ptrdiff_t place = axis < 0 ? axis + rank_now + 1 : axis;
  auto sizes = vector_of(shape_.sizes()), steps = vector_of(strides());
  sizes.insert(sizes.begin() + place, 1);
  steps.insert(steps.begin() + place, 0);
  Layout result(*this);
  result.shape_ = Shape(sizes);
  std::ranges::copy(steps, result.strides_.begin());
  return result;
}

Layout Layout::squeeze(int axis) const {
  const auto place = static_cast<std::ptrdiff_t>(place_of("squeeze", axis, *this));
  auto sizes = vector_of(shape_.sizes()), steps = vector_of(strides());
  if (sizes[static_cast<std::size_t>(place)] != 1) {
    throw InvalidArgument(
        fmt::format("[squeeze] dimension {} of {} has not the size 1.", place, shape_.str()));
  }
  sizes.erase(sizes.begin() + place);
  steps.erase(steps.begin() + place);
  Layout result;
  result.shape_ = Shape(sizes);
  std::ranges::copy(steps, result.strides_.begin());
  result.offset_ = offset_;
  return result;
}

std::optional<Layout> Layout::reshape(const Shape& shape) const {
  if (shape.size() != size()) {
    throw InvalidArgument(fmt::format("[reshape] {} has {} elements, but {} has {}.", shape_.str(),
                                      size(), shape.str(), shape.size()));
  }
  Layout result(shape);
  result.offset_ = offset_;
  if (size() == 0 || is_contiguous()) return result;
  const Layout from = collapse(std::span(this, 1)).front();
  // Each dimension of `from` must be cut into dimensions of the result, innermost first.
  std::size_t axis = shape.rank();
  for (std::size_t part = from.rank(); part-- > 0;) {
    std::int64_t stride = from.strides_[part];
    std::int64_t left = from.shape_[part];
    while (axis > 0 && left % shape[axis - 1] == 0 && (left > 1 || shape[axis - 1] == 1)) {
      --axis;
      result.strides_[axis] = stride;
      stride *= shape[axis];
      left /= shape[axis];
    }
    if (left != 1) return std::nullopt;
  }
  return result;
}

std::string Layout::str() const {
  return fmt::format("{} strides [{}] offset {}", shape_.str(), fmt::join(strides(), ", "),
                     offset_);
}

std::vector<Layout> collapse(std::span<const Layout> operands) {
  const Shape& shape = operands.front().shape();
  std::vector<std::int64_t> sizes;
  std::vector<std::vector<std::int64_t>> strides(operands.size());
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    // The last dimension goes on in this one if a step in it is this one's whole length.
    bool goes_on = !sizes.empty();
    for (std::size_t i = 0; goes_on && i < operands.size(); ++i) {
      goes_on = strides[i].back() == operands[i].strides()[axis] * shape[axis];
    }
    if (!goes_on) sizes.push_back(1);
    sizes.back() *= shape[axis];
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (!goes_on) strides[i].emplace_back();
      strides[i].back() = operands[i].strides()[axis];
    }
  }
  if (sizes.empty()) sizes.push_back(1);
  std::vector<Layout> result;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    strides[i].resize(sizes.size(), 1);
    result.emplace_back(Shape(sizes), strides[i], operands[i].offset());
  }
  return result;
}

}  // namespace dovetail
