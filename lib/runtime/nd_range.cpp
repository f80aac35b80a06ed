// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/nd_range.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <vector>

#include "dovetail/core/error.hpp"

namespace dovetail {
namespace {

[[noreturn]] void refuse(const NDRange& range, const char* why) {
  throw InvalidArgument(fmt::format("[NDRange] {}: {}", range.str(), why));
}

}  // namespace

NDRange::NDRange(std::initializer_list<std::size_t> global,
                 std::initializer_list<std::size_t> local)
    : NDRange(std::span(global.begin(), global.size()), std::span(local.begin(), local.size())) {}

NDRange NDRange::of(const Shape& shape) {
  const auto sizes = shape.sizes();
  const std::vector<std::size_t> global(sizes.begin(), sizes.end());
  return {global, std::span<const std::size_t>()};
}

NDRange::NDRange(std::span<const std::size_t> global, std::span<const std::size_t> local)
    : dimensions_(static_cast<unsigned>(std::min<std::size_t>(global.size(), 3))),
      has_local_(local.size() != 0) {
  std::copy_n(global.begin(), dimensions_, global_.begin());
  std::copy_n(local.begin(), std::min<std::size_t>(local.size(), 3), local_.begin());
  if (global.size() == 0 || global.size() > 3) {
    refuse(*this, "a range has 1 to 3 dimensions.");
  }
  if (has_local_ && local.size() != global.size()) {
    refuse(*this, "global and local need the same number of dimensions.");
  }
  std::size_t items = 1;
  for (unsigned i = 0; i < dimensions_; ++i) {
    if (global_[i] == 0 || local_[i] == 0) {
      refuse(*this, "a size of 0; skip the launch when there is nothing to do.");
    }
    if (global_[i] % local_[i] != 0) {
      refuse(*this,
             "the group does not divide the range; round the range up and guard in the kernel.");
    }
    if (__builtin_mul_overflow(items, global_[i], &items)) {
      refuse(*this, "the number of work-items does not fit 64 bits; launch a part at a time.");
    }
  }
}

std::string NDRange::str() const {
  const auto list = [this](const std::array<std::size_t, 3>& sizes) {
    return fmt::format("[{}]", fmt::join(std::span(sizes).first(dimensions_), ", "));
  };
  return fmt::format("global {} local {}", list(global_), has_local_ ? list(local_) : "[chosen]");
}

}  // namespace dovetail
