// SPDX-License-Identifier: Apache-2.0
// What every layer does: answers the loader, and puts its own functions in front of the target's.
//
// A loader passes the layer the dispatch table below it. The layer returns a table in which its own
// functions replace the entry points of entry_points.hpp; all others are the target's.
#pragma once

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl_icd.h>
// Needs the OpenCL version chosen above.
#include <CL/cl_layer.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "layer/call_bytes.hpp"
#include "layer/entry_points.hpp"

namespace dovetail::layer {

/// The functions underneath the layer. Set before any interposed function can be called.
inline constinit std::atomic<const cl_icd_dispatch*> target{nullptr};

/// An interposed function, and its place in the dispatch table.
struct Slot {
  std::size_t index;
  void* function;
};

struct Tables {
  cl_icd_dispatch target{};
  std::vector<void*> layer;
};

/// Makes the tables. The loader's may be shorter or longer than that of the headers: only entries
/// that both have are replaced. An entry that the target lacks stays absent.
inline std::unique_ptr<Tables> make_tables(const cl_icd_dispatch* below, std::size_t entries,
                                           const std::vector<Slot>& slots) {
  constexpr std::size_t known_entries = sizeof(cl_icd_dispatch) / sizeof(void*);
  auto tables = std::make_unique<Tables>();
  const std::size_t shared = std::min(entries, known_entries);
  std::memcpy(static_cast<void*>(&tables->target), below, shared * sizeof(void*));
  tables->layer.resize(std::max(entries, known_entries));
  std::memcpy(tables->layer.data(), below, entries * sizeof(void*));
  for (const Slot& slot : slots) {
    if (slot.index < shared && tables->layer[slot.index] != nullptr) {
      tables->layer[slot.index] = slot.function;
    }
  }
  return tables;
}

/// Answers clInitLayer with the functions `Interposed<...>::call`, one for each entry point.
template <template <EntryPoint Id, auto Member, typename Bytes> class Interposed>
cl_int init_layer(cl_uint num_entries, const cl_icd_dispatch* target_dispatch,
                  cl_uint* num_entries_ret, const cl_icd_dispatch** layer_dispatch_ret) {
  if (target_dispatch == nullptr || num_entries_ret == nullptr || layer_dispatch_ret == nullptr) {
    return CL_INVALID_VALUE;
  }
  // Kept for good: programs call OpenCL from static destructors and late threads.
  const Tables* tables = make_tables(target_dispatch, num_entries,
                                     {
#define DOVETAIL_LAYER_SLOT(name, bytes)            \
  {offsetof(cl_icd_dispatch, name) / sizeof(void*), \
   reinterpret_cast<void*>(&Interposed<EntryPoint::name, &cl_icd_dispatch::name, bytes>::call)},
                                         DOVETAIL_LAYER_ENTRY_POINTS(DOVETAIL_LAYER_SLOT)
#undef DOVETAIL_LAYER_SLOT
                                     })
                             .release();
  target.store(&tables->target, std::memory_order_release);
  *num_entries_ret = num_entries;
  *layer_dispatch_ret = reinterpret_cast<const cl_icd_dispatch*>(tables->layer.data());
  return CL_SUCCESS;
}

/// Answers clGetLayerInfo for a layer of this name.
inline cl_int layer_info(const char* name, cl_layer_info what, std::size_t room, void* out,
                         std::size_t* size_ret) {
  constexpr cl_layer_api_version version = CL_LAYER_API_VERSION_100;
  const auto give = [&](const void* value, std::size_t size) {
    if (out != nullptr) {
      if (room < size) return CL_INVALID_VALUE;
      std::memcpy(out, value, size);
    }
    if (size_ret != nullptr) *size_ret = size;
    return CL_SUCCESS;
  };
  switch (what) {
    case CL_LAYER_API_VERSION:
      return give(&version, sizeof(version));
    case CL_LAYER_NAME:
      return give(name, std::string_view(name).size() + 1);
    default:
      return CL_INVALID_VALUE;
  }
}

}  // namespace dovetail::layer
