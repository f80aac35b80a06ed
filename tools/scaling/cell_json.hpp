// SPDX-License-Identifier: Apache-2.0
// Cells on the way between the tool and its workers.
#pragma once

#include <nlohmann/json.hpp>

#include "tools/scaling/cell.hpp"

namespace dovetail::tool {

inline void to_json(nlohmann::json& json, const Cell& cell) {
  json = {static_cast<int>(cell.path), static_cast<int>(cell.queue), static_cast<int>(cell.sync),
          static_cast<int>(cell.work), cell.threads};
}

inline void from_json(const nlohmann::json& json, Cell& cell) {
  cell = {static_cast<Path>(json.at(0).get<int>()), static_cast<Queue>(json.at(1).get<int>()),
          static_cast<Sync>(json.at(2).get<int>()), static_cast<Work>(json.at(3).get<int>()),
          json.at(4).get<unsigned>()};
}

}  // namespace dovetail::tool
