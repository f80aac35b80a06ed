// SPDX-License-Identifier: Apache-2.0
// The commands of the tool, and what they ask of a worker.
#include "tools/measure/requests.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/thrown.hpp"
#include "tools/command.hpp"
#include "tools/measure/verification.hpp"

namespace dovetail::tool {
namespace {

using Json = nlohmann::json;
using test::text_thrown;

const Requests requests{
    {"double", [](const Json& request) { return 2 * request.at("of").get<int>(); }},
    {"fail", [](const Json&) -> Json { throw Error("no"); }},
    {"verify", [](const Json&) -> Json { throw VerificationFailed("wrong"); }}};

Json asked(const Json& request) { return checked_answer(answer(requests, request)); }

TEST(Requests, AnswerIsThatOfTheNamedRequest) {
  EXPECT_EQ(asked({{"do", "double"}, {"of", 21}}), 42);
}

TEST(Requests, UnknownNameIsAnErrorThatListsTheKnown) {
  EXPECT_EQ(text_thrown<Error>([] {
              asked({{"do", "triple"}, {"of", 1}});
            }),
            "[worker] there is no request 'triple'; there are: double, fail, verify.");
}

TEST(Requests, RequestWithoutANameOrWithoutJsonIsAnError) {
  EXPECT_NE(text_thrown<Error>([] { asked({{"of", 1}}); }), "");
  EXPECT_NE(text_thrown<Error>([] { asked(Json::parse("{", nullptr, false)); }), "");
}

TEST(Requests, FailureAndWrongResultKeepTheirTypes) {
  EXPECT_EQ(text_thrown<Error>([] { asked({{"do", "fail"}}); }), "no");
  EXPECT_EQ(text_thrown<VerificationFailed>([] { asked({{"do", "verify"}}); }), "wrong");
}

TEST(Commands, TableHasEachNameOnceAndOnlyTheWorkerIsHidden) {
  std::set<std::string_view> names;
  for (const auto& command : make_commands()) {
    EXPECT_TRUE(names.insert(command->name()).second) << command->name();
    EXPECT_EQ(command->description().empty(), command->name() == "worker") << command->name();
  }
  EXPECT_TRUE(names.contains("info"));
}

TEST(Commands, VisibleOnesHaveTheCommonOptions) {
  for (const auto& command : make_commands()) {
    CLI::App app;
    command->add_options(app);
    for (const char* option : {"--device", "--json", "--quick"}) {
      EXPECT_EQ(app.get_option_no_throw(option) != nullptr, command->name() != "worker")
          << command->name() << " " << option;
    }
  }
}

TEST(Commands, RequestsBeginWithTheNameOfTheirCommand) {
  std::set<std::string> all;
  for (const auto& command : make_commands()) {
    Requests own;
    command->add_requests(own, 1);
    for (const auto& [name, handler] : own) {
      EXPECT_TRUE(name.starts_with(std::string(command->name()) + ".")) << name;
      all.insert(name);
    }
  }
  EXPECT_TRUE(all.contains("worker.is_counting"));
}

}  // namespace
}  // namespace dovetail::tool
