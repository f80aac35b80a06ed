// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/call_counts.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "dovetail/core/error.hpp"
#include "layer/call_counts.h"

namespace dovetail::tool {

std::optional<CallCounts> snapshot_call_counts() {
  void* layer = ::dlopen(DOVETAIL_LAYER_LIBRARY, RTLD_NOW | RTLD_NOLOAD);
  if (layer == nullptr) return std::nullopt;
  const auto snapshot =
      reinterpret_cast<dovetail_layer_snapshot_fn>(::dlsym(layer, DOVETAIL_LAYER_SNAPSHOT_SYMBOL));
  ::dlclose(layer);  // gives back the handle; the layer itself is never unmapped
  if (snapshot == nullptr) return std::nullopt;
  std::vector<dovetail_call_count> all(snapshot(nullptr, 0));
  snapshot(all.data(), all.size());
  CallCounts counts;
  for (const dovetail_call_count& one : all) {
    if (one.calls != 0) counts[one.name] = {one.calls, one.bytes, one.wait_list_events};
  }
  return counts;
}

CallCounts count_calls(const std::function<void()>& work) {
  const auto before = snapshot_call_counts();
  if (!before) throw Error("[worker] this process runs without the counting layer.");
  work();
  const auto after = snapshot_call_counts();
  CallCounts counts;
  for (const auto& [name, count] : *after) {
    const auto found = before->find(name);
    const CallCount earlier = found == before->end() ? CallCount{} : found->second;
    if (count.calls != earlier.calls) {
      counts[name] = {count.calls - earlier.calls, count.bytes - earlier.bytes,
                      count.wait_list_events - earlier.wait_list_events};
    }
  }
  return counts;
}

std::optional<std::filesystem::path> find_layer() {
  std::error_code failure;
  if (const char* own = std::getenv("DOVETAIL_LAYER"); own != nullptr) {
    if (!std::filesystem::exists(own, failure)) {
      throw InvalidArgument(fmt::format("DOVETAIL_LAYER names '{}', which does not exist.", own));
    }
    return own;
  }
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
  for (const char* place : {DOVETAIL_LAYER_IN_BUILD_TREE, DOVETAIL_LAYER_IN_INSTALLATION}) {
    const auto path = std::filesystem::weakly_canonical(program.parent_path() / place, failure);
    if (std::filesystem::exists(path, failure)) return path;
  }
  return std::nullopt;
}

}  // namespace dovetail::tool
