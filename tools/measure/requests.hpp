// SPDX-License-Identifier: Apache-2.0
// The worker protocol: JSON requests, each with the name of what it asks for under "do", and a
// JSON answer to each.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace dovetail::tool {

/// What a worker process does on request, by name.
using Requests = std::map<std::string, std::function<nlohmann::json(const nlohmann::json&)>>;

/// Answers a request, or reports its failure as {"error": text}; as {"wrong_result": text} if a
/// verification failed. A request whose name is not among `requests` is an error.
nlohmann::json answer(const Requests& requests, const nlohmann::json& request);

/// Returns an answer that reports no failure.
/// @throws VerificationFailed  it reports a wrong result.
/// @throws Error               it reports another failure.
nlohmann::json checked_answer(nlohmann::json answer);

}  // namespace dovetail::tool
