// SPDX-License-Identifier: Apache-2.0
// The uses of memory that order depends on.
#pragma once

#include <optional>
#include <utility>

#include "dovetail/stream/access.hpp"
#include "dovetail/stream/buffer.hpp"

namespace dovetail {

/// A use of a range of bytes. Reads may overlap in time; a write comes after all earlier work on
/// the same bytes and before all later work.
struct MemoryUse {
  BufferView memory;
  Access access = Access::read_write;
  std::optional<DType> element = std::nullopt;  ///< The element type, if the memory has one.
  bool is_contiguous = true;                    ///< Its elements follow each other without gaps.
};

/// @{
/// Declares that work reads, writes, or reads and writes this memory: a range, a whole buffer, or a
/// tensor or anything else with `storage()`.
inline MemoryUse reads(BufferView memory) { return {std::move(memory), Access::read}; }
inline MemoryUse writes(BufferView memory) { return {std::move(memory), Access::write}; }
inline MemoryUse updates(BufferView memory) { return {std::move(memory), Access::read_write}; }

inline MemoryUse reads(const Buffer& buffer) { return reads({buffer, 0, buffer.nbytes()}); }
inline MemoryUse writes(const Buffer& buffer) { return writes({buffer, 0, buffer.nbytes()}); }
inline MemoryUse updates(const Buffer& buffer) { return updates({buffer, 0, buffer.nbytes()}); }

template <HasStorage T>
MemoryUse reads(const T& value) {
  return {value.storage(), Access::read, detail::element_of(value), detail::is_contiguous(value)};
}
template <HasStorage T>
MemoryUse writes(const T& value) {
  return {value.storage(), Access::write, detail::element_of(value), detail::is_contiguous(value)};
}
template <HasStorage T>
MemoryUse updates(const T& value) {
  return {value.storage(), Access::read_write, detail::element_of(value),
          detail::is_contiguous(value)};
}
/// @}

}  // namespace dovetail
