// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/work_group.hpp"

#include <algorithm>
#include <mutex>

namespace dovetail::detail {
namespace {

constexpr std::size_t wanted_items = 256;
constexpr std::size_t enough_items = wanted_items / 4;
constexpr std::size_t most_items = 4 * wanted_items;

/// What the dimensions before have left to one.
struct Room {
  std::size_t wanted;  ///< Aim for this many.
  std::size_t enough;  ///< Less fills too little of a warp or of a vector register.
  std::size_t most;    ///< More cannot be.
};

/// The largest divisor of `size` in [first, last]; 0: none.
std::size_t largest_divisor(std::size_t size, std::size_t first, std::size_t last) {
  for (std::size_t d = last; d >= first; --d) {
    if (size % d == 0) return d;
  }
  return 0;
}

std::size_t smallest_divisor(std::size_t size, std::size_t first, std::size_t last) {
  for (std::size_t d = first; d <= last; ++d) {
    if (size % d == 0) return d;
  }
  return 0;
}

std::size_t choose(std::size_t size, const Room& room) {
  const std::size_t last = std::min({room.wanted, room.most, size});
  if (const auto d = largest_divisor(size, room.enough, last); d != 0) return d;
  if (room.wanted == wanted_items) {
    const std::size_t limit = std::min({most_items, room.most, size});
    if (const auto d = smallest_divisor(size, wanted_items + 1, limit); d != 0) return d;
  }
  return std::max<std::size_t>(largest_divisor(size, 1, last), 1);
}

}  // namespace

GroupSizes choose_group(const NDRange& range, const LaunchLimits& limits) {
  if (limits.has_required()) return limits.required;
  GroupSizes group{1, 1, 1};
  std::size_t items = 1;
  for (unsigned i = 0; i < range.dimensions() && items < wanted_items; ++i) {
    const Room room{.wanted = std::max<std::size_t>(wanted_items / items, 1),
                    .enough = std::max<std::size_t>(enough_items / items, 1),
                    .most = std::min(limits.items / items, limits.sizes[i])};
    group[i] = choose(range.global()[i], room);
    items *= group[i];
  }
  return items == 1 ? GroupSizes{} : group;
}

GroupSizes GroupChoice::of(const NDRange& range, const LaunchLimits& limits) {
  std::array<std::size_t, 3> global{1, 1, 1};
  std::copy_n(range.global(), range.dimensions(), global.begin());
  const std::scoped_lock lock(lock_);
  if (global != global_) {
    group_ = choose_group(range, limits);
    global_ = global;
  }
  return group_;
}

}  // namespace dovetail::detail
