// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/report/page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dovetail::tool {
namespace {

TEST(Page, HoldsTheReport) {
  const std::string page = html_page({{"schema", 1}, {"device", {{"name", "Some Device"}}}});
  EXPECT_NE(page.find(R"("name":"Some Device")"), std::string::npos);
  EXPECT_EQ(page.find("DOVETAIL_REPORT_JSON"), std::string::npos);
}

TEST(Page, TextCannotEndTheScript) {
  const std::string page = html_page({{"device", {{"name", "</script><b>x"}}}});
  EXPECT_EQ(page.find("</script><b>x"), std::string::npos);
  EXPECT_NE(page.find(R"(<\/script><b>x)"), std::string::npos);
}

TEST(Page, NeedsNoNetwork) {
  const std::string page = html_page({{"schema", 1}});
  for (const char* part : {"src=\"http", "href=\"http", "@import", "fetch(", "url(http"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace dovetail::tool
