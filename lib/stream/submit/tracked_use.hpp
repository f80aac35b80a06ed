// SPDX-License-Identifier: Apache-2.0
// Uses of memory as the ordering core sees them.
#pragma once

#include <cstddef>

#include "dovetail/stream/memory_use.hpp"
#include "lib/core/small_vector.hpp"
#include "lib/stream/order/memory_state.hpp"

namespace dovetail::detail {

/// A use of memory, which must outlive whoever holds this.
struct TrackedUse {
  MemoryState* memory;
  ByteRange range;
  Access access;
};

/// Whether two uses must keep their order.
inline bool is_conflict(const TrackedUse& a, const TrackedUse& b) {
  return a.memory == b.memory && a.range.begin < b.range.end && b.range.begin < a.range.end &&
         (a.access != Access::read || b.access != Access::read);
}

using TrackedUses = SmallVector<TrackedUse, 12>;

/// The use of a part of a buffer; nothing for an empty one.
/// @param handle  That of `view`'s buffer.
inline void add_use(TrackedUses& uses, const BufferHandle& handle, const BufferView& view,
                    Access access) {
  if (handle.tracking == nullptr || view.nbytes == 0) return;
  const std::size_t begin = handle.begin + view.offset;
  uses.push_back({handle.tracking, {begin, begin + view.nbytes}, access});
}
inline void add_use(TrackedUses& uses, const BufferView& view, Access access) {
  add_use(uses, handle_of(view.buffer), view, access);
}

}  // namespace dovetail::detail
