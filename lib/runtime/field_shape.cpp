// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/field_shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dovetail/core/error.hpp"

namespace dovetail {

FieldShape::FieldShape(std::initializer_list<std::int64_t> sizes)
    : FieldShape(std::span(sizes.begin(), sizes.size())) {}

FieldShape::FieldShape(std::span<const std::int64_t> sizes) : rank_(sizes.size()) {
  const auto refuse = [&](const char* why) {
    throw InvalidArgument(fmt::format("[FieldShape] [{}]: {}", fmt::join(sizes, ", "), why));
  };
  if (sizes.empty() || sizes.size() > max_rank) refuse("a field has 1 to 4 dimensions.");
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) {
    if (size < 0) refuse("sizes cannot be negative.");
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product)) {
      refuse("the number of elements does not fit 63 bits.");
    }
  }
  std::ranges::copy(sizes, sizes_.begin());
}

std::int64_t FieldShape::size() const noexcept {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes()) product *= size;
  return product;
}

std::string FieldShape::str() const { return fmt::format("[{}]", fmt::join(sizes(), ", ")); }

}  // namespace dovetail
