// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report/page.hpp"

#include <cassert>
#include <nlohmann/json.hpp>

#include "tools/embedded.hpp"

namespace dovetail::tool {

std::string html_page(const nlohmann::ordered_json& report) {
  std::string data = report.dump();
  // Within a script element, "</" could end the element.
  for (auto at = data.find("</"); at != std::string::npos; at = data.find("</", at)) {
    data.replace(at, 2, "<\\/");
  }
  std::string page(embedded_file("commands/report/report.html"));
  constexpr std::string_view placeholder = "/*DOVETAIL_REPORT_JSON*/null";
  const auto at = page.find(placeholder);
  assert(at != std::string::npos);
  return page.replace(at, placeholder.size(), data);
}

}  // namespace dovetail::tool
