// SPDX-License-Identifier: Apache-2.0
// The report as one HTML page.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dovetail::tool {

/// Returns a page that needs no network: report.html with `report` in it.
std::string html_page(const nlohmann::ordered_json& report);

}  // namespace dovetail::tool
