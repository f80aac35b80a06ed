// SPDX-License-Identifier: Apache-2.0
// Calls the deleters of DLPack tensors once work that is in flight is done.
#pragma once

#include <dlpack/dlpack.h>

#include <vector>

#include "lib/stream/buffer_state.hpp"
#include "lib/stream/marker.hpp"

namespace dovetail::detail {

/// A tensor to be given back when all markers are over.
struct DeferredDeleter {
  std::vector<MarkerHandle> markers = {};
  MemoryBlock block = {};  ///< Released first.
  DLManagedTensor* managed = nullptr;
};

/// Whether `marker` is complete or has failed.
bool is_over(const Marker& marker) noexcept;

/// Calls the tensor's deleter, if it has one.
void call_deleter(DLManagedTensor* managed) noexcept;

/// Calls the deleter when the markers are over, from a thread that is kept for this: a driver's
/// callbacks may hold its locks, and a deleter may call anything.
void defer(DeferredDeleter deleter);

}  // namespace dovetail::detail
