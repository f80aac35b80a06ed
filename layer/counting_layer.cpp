// An OpenCL layer that counts calls: the two functions that a loader asks of a layer.
//
// A loader gives the layer the dispatch table below it and gets a table in return, in which each
// counted entry point is replaced and everything else is the target's own.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <vector>

#include "interposed.hpp"
#include "report.hpp"

// Uses what interposed.hpp chose: the OpenCL version must be set before the first CL header.
#include <CL/cl_layer.h>

namespace dovetail::layer {
namespace {

constexpr std::size_t known_entries = sizeof(cl_icd_dispatch) / sizeof(void*);

struct Slot {
  std::size_t index;
  void* function;
};

std::vector<Slot> counted_slots() {
  return {
#define DOVETAIL_LAYER_SLOT(name, bytes)            \
  {offsetof(cl_icd_dispatch, name) / sizeof(void*), \
   reinterpret_cast<void*>(&Interposed<EntryPoint::name, &cl_icd_dispatch::name, bytes>::call)},
      DOVETAIL_LAYER_ENTRY_POINTS(DOVETAIL_LAYER_SLOT)
#undef DOVETAIL_LAYER_SLOT
  };
}

struct Tables {
  cl_icd_dispatch target{};
  std::vector<void*> layer;
};

// The loader's table may be shorter or longer than the one in the headers; only entries that
// both have are replaced. An entry that the target lacks stays absent.
std::unique_ptr<Tables> make_tables(const cl_icd_dispatch* below, std::size_t entries) {
  auto tables = std::make_unique<Tables>();
  const std::size_t shared = std::min(entries, known_entries);
  std::memcpy(static_cast<void*>(&tables->target), below, shared * sizeof(void*));
  tables->layer.resize(std::max(entries, known_entries));
  std::memcpy(tables->layer.data(), below, entries * sizeof(void*));
  for (const Slot& slot : counted_slots()) {
    if (slot.index < shared && tables->layer[slot.index] != nullptr) {
      tables->layer[slot.index] = slot.function;
    }
  }
  return tables;
}

cl_int give(const void* value, std::size_t size, std::size_t room, void* out,
            std::size_t* size_ret) {
  if (out != nullptr) {
    if (room < size) return CL_INVALID_VALUE;
    std::memcpy(out, value, size);
  }
  if (size_ret != nullptr) *size_ret = size;
  return CL_SUCCESS;
}

}  // namespace
}  // namespace dovetail::layer

extern "C" __attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL
clGetLayerInfo(cl_layer_info param_name, std::size_t param_value_size, void* param_value,
               std::size_t* param_value_size_ret) {
  constexpr cl_layer_api_version version = CL_LAYER_API_VERSION_100;
  constexpr char name[] = "Dovetail call counts";
  const auto give = [&](const void* value, std::size_t size) {
    return dovetail::layer::give(value, size, param_value_size, param_value, param_value_size_ret);
  };
  switch (param_name) {
    case CL_LAYER_API_VERSION:
      return give(&version, sizeof(version));
    case CL_LAYER_NAME:
      return give(name, sizeof(name));
    default:
      return CL_INVALID_VALUE;
  }
}

extern "C" __attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL
clInitLayer(cl_uint num_entries, const cl_icd_dispatch* target_dispatch, cl_uint* num_entries_ret,
            const cl_icd_dispatch** layer_dispatch_ret) {
  using namespace dovetail::layer;
  if (target_dispatch == nullptr || num_entries_ret == nullptr || layer_dispatch_ret == nullptr) {
    return CL_INVALID_VALUE;
  }
  try {
    prepare_report();
    // Kept for good: programs call OpenCL from static destructors and late threads.
    const Tables* tables = make_tables(target_dispatch, num_entries).release();
    target.store(&tables->target, std::memory_order_release);
    *num_entries_ret = num_entries;
    *layer_dispatch_ret = reinterpret_cast<const cl_icd_dispatch*>(tables->layer.data());
    return CL_SUCCESS;
  } catch (const std::exception&) {
    return CL_OUT_OF_HOST_MEMORY;
  }
}
