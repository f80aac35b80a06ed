// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/requests.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ranges>

#include "tools/measure/verification.hpp"

namespace dovetail::tool {

using Json = nlohmann::json;

Json answer(const Requests& requests, const Json& request) try {
  const auto name = request.at("do").get<std::string>();
  const auto found = requests.find(name);
  if (found == requests.end()) {
    throw InvalidArgument(fmt::format("[worker] there is no request '{}'; there are: {}.", name,
                                      fmt::join(std::views::keys(requests), ", ")));
  }
  return found->second(request);
} catch (const VerificationFailed& failure) {
  return {{"wrong_result", failure.what()}};
} catch (const std::exception& failure) {
  return {{"error", failure.what()}};
}

Json checked_answer(Json answer) {
  if (!answer.is_object()) return answer;
  if (const auto text = answer.find("wrong_result"); text != answer.end()) {
    throw VerificationFailed(text->get<std::string>());
  }
  if (const auto text = answer.find("error"); text != answer.end()) {
    throw Error(text->get<std::string>());
  }
  return answer;
}

}  // namespace dovetail::tool
