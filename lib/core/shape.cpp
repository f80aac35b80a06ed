// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dovetail/core/error.hpp"

namespace dovetail {

Shape::Shape(std::initializer_list<std::int64_t> sizes)
    : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) : rank_(sizes.size()) {
  const auto refuse = [&](const char* why) {
    throw InvalidArgument(fmt::format("[Shape] [{}]: {}", fmt::join(sizes, ", "), why));
  };
  if (sizes.size() > max_rank) refuse("at most 8 dimensions are possible.");
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) {
    if (size < 0) refuse("sizes cannot be negative.");
    if (__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product)) {
      refuse("the number of elements does not fit 63 bits.");
    }
  }
  std::ranges::copy(sizes, sizes_.begin());
}

std::int64_t Shape::size() const noexcept {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes()) product *= size;
  return product;
}

std::string Shape::str() const { return fmt::format("[{}]", fmt::join(sizes(), ", ")); }

}  // namespace dovetail
