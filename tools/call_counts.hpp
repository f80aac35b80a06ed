// SPDX-License-Identifier: Apache-2.0
// OpenCL calls as the counting layer saw them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace dovetail::tool {

struct CallCount {
  std::uint64_t calls = 0, bytes = 0, wait_list_events = 0;
};

/// By entry point; those never called are left out.
using CallCounts = std::map<std::string, CallCount>;

/// Counts since the layer was loaded; nothing when this process runs without it. OpenCL must have
/// been called before.
std::optional<CallCounts> snapshot_call_counts();

/// What was counted from `before` to `after`.
CallCounts difference(const CallCounts& after, const CallCounts& before);

/// Where the layer's library lies: DOVETAIL_LAYER, else beside this program, in its build tree or
/// in its installation. Nothing if it is in none of these.
/// @throws InvalidArgument  DOVETAIL_LAYER names a file that is not there.
std::optional<std::filesystem::path> find_layer();

}  // namespace dovetail::tool
