// SPDX-License-Identifier: Apache-2.0
// What work does to memory, as far as order depends on it.
#pragma once

#include <optional>
#include <utility>

#include "dovetail/stream/access.hpp"
#include "dovetail/stream/buffer.hpp"

namespace dovetail {

/// A use of a range of bytes. Reads may run side by side; a write comes after all that was given
/// before it and touches the same bytes, and before all that is given after it.
struct MemoryUse {
  BufferView memory;
  Access access = Access::read_write;
  std::optional<DType> element = std::nullopt;  ///< What the memory holds, if its type says.
};

inline MemoryUse reads(BufferView memory) { return {std::move(memory), Access::read}; }
inline MemoryUse writes(BufferView memory) { return {std::move(memory), Access::write}; }
inline MemoryUse updates(BufferView memory) { return {std::move(memory), Access::read_write}; }

/// The same of a whole buffer.
inline MemoryUse reads(const Buffer& buffer) { return reads({buffer, 0, buffer.nbytes()}); }
inline MemoryUse writes(const Buffer& buffer) { return writes({buffer, 0, buffer.nbytes()}); }
inline MemoryUse updates(const Buffer& buffer) { return updates({buffer, 0, buffer.nbytes()}); }

/// The same of a tensor, or of anything else with `storage()`.
template <HasStorage T>
MemoryUse reads(const T& value) {
  return {value.storage(), Access::read, detail::element_of(value)};
}
template <HasStorage T>
MemoryUse writes(const T& value) {
  return {value.storage(), Access::write, detail::element_of(value)};
}
template <HasStorage T>
MemoryUse updates(const T& value) {
  return {value.storage(), Access::read_write, detail::element_of(value)};
}

}  // namespace dovetail
