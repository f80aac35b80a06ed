// SPDX-License-Identifier: Apache-2.0
// Calls the deleters of DLPack tensors once work that is in flight is done.
#pragma once

#include <dlpack/dlpack.h>

#include <functional>
#include <optional>
#include <vector>

#include "lib/stream/buffer_state.hpp"
#include "lib/stream/submit/marker.hpp"

namespace dovetail::detail {

/// A tensor to be given back once nothing uses its memory any more.
struct DeferredDeleter {
  /// Behind all uses of the memory; not given where they could not be had yet.
  std::optional<std::vector<MarkerHandle>> markers = std::vector<MarkerHandle>();
  /// Finds them; may throw or find nothing, and is then called again later.
  std::function<std::optional<std::vector<MarkerHandle>>()> find_markers = {};
  MemoryBlock block = {};  ///< Released first.
  DLManagedTensor* managed = nullptr;
};

/// Calls the tensor's deleter, if it has one.
void call_deleter(DLManagedTensor* managed) noexcept;

/// Calls the deleter when the uses are over, from a thread that is kept for this: a driver's
/// callbacks may hold its locks, and a deleter may call anything.
void defer(DeferredDeleter deleter);

}  // namespace dovetail::detail
