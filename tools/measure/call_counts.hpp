// SPDX-License-Identifier: Apache-2.0
// OpenCL calls as the counting layer counts them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace dovetail::tool {

struct CallCount {
  std::uint64_t calls = 0, bytes = 0, wait_list_events = 0;
};

/// By entry point; those never called are left out.
using CallCounts = std::map<std::string, CallCount>;

/// Returns the counts since the layer was loaded; nothing if this process runs without it. The
/// layer is loaded at the first OpenCL call.
std::optional<CallCounts> snapshot_call_counts();

/// Returns what the layer counts while `work` runs.
/// @throws Error  this process runs without the layer.
CallCounts count_calls(const std::function<void()>& work);

/// Returns the path of the layer's library: DOVETAIL_LAYER, else beside this program, in its build
/// tree or in its installation. Nothing if it is in none of these.
/// @throws InvalidArgument  DOVETAIL_LAYER names a file that does not exist.
std::optional<std::filesystem::path> find_layer();

}  // namespace dovetail::tool
